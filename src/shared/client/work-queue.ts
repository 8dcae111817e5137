/**
 * The queue of keys between events and workers.
 *
 * A key that waits is there once, however often it is added; a key that is being worked on and added meanwhile is given out again when
 * that work is done: no two workers ever have the same key, and no change is missed. Failures come back after 5 ms, 10 ms, … 1000 s.
 *
 *     add(a) add(a) take()→a add(a) take()→undefined done(a) take()→a
 *
 * @source staging/src/k8s.io/client-go/util/workqueue v1.36
 */
import type { Clock, Timer } from "../lib/platform.ts";

const BASE_MS = 5;
const LONGEST_MS = 1_000_000;

export class WorkQueue {
  readonly #clock: Clock;
  readonly #onReady: () => void;
  readonly #ready = new Set<string>();
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #delayed = new Map<string, { due: number; timer: Timer }>();
  readonly #resting = new Set<Timer>();
  #closed = false;

  /** `onReady` is called whenever a key can be taken. */
  constructor(clock: Clock, onReady: () => void) {
    this.#clock = clock;
    this.#onReady = onReady;
  }

  get size(): number {
    return this.#ready.size;
  }

  add(key: string): void {
    if (this.#closed || this.#ready.has(key)) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#ready.add(key);
    this.#onReady();
  }

  /** Adds after `ms`; of several waits for one key the shortest counts. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) return this.add(key);
    if (this.#closed) return;
    const due = this.#clock.monotonic() + ms;
    const waiting = this.#delayed.get(key);
    if (waiting && waiting.due <= due) return;
    waiting?.timer.cancel();
    const timer = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { due, timer });
  }

  /** Adds after a wait that doubles with each call until `forget`. Returns the wait. */
  addRateLimited(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const ms = Math.min(BASE_MS * 2 ** failures, LONGEST_MS);
    this.addAfter(key, ms);
    return ms;
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  take(): string | undefined {
    for (const key of this.#ready) {
      this.#ready.delete(key);
      this.#working.add(key);
      return key;
    }
    return undefined;
  }

  /** The work on `key` is over. With `restMs` it is not given out before that long, so that a burst of changes becomes one piece of work. */
  done(key: string, restMs = 0): void {
    if (restMs > 0 && !this.#closed) {
      const timer = this.#clock.after(restMs, () => {
        this.#resting.delete(timer);
        this.done(key);
      });
      this.#resting.add(timer);
      return;
    }
    this.#working.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    for (const timer of this.#resting) timer.cancel();
    this.#delayed.clear();
    this.#resting.clear();
    this.#ready.clear();
    this.#again.clear();
  }
}
