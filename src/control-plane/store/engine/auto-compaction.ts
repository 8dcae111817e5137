/**
 * When history is forgotten: after `historyMs`, and earlier where it would take more than `historyBytes`.
 *
 * Every few seconds, as long as there is something to forget, the revision and the bytes written so far are noted down; what a note
 * says becomes the compaction target when the note is old enough, or when too much was written since.
 */
import type { Clock, Timer } from "../../../shared/lib/platform.ts";

export interface HistoryLimits {
  historyMs: number;
  historyBytes: number;
  /** How often to look (at most). */
  sampleMs: number;
}

interface Sample {
  atMs: number;
  revision: number;
  appended: number;
}

export class AutoCompaction {
  readonly #clock: Clock;
  readonly #limits: HistoryLimits;
  readonly #work: () => boolean;
  #samples: Sample[] = [];
  #timer: Timer | undefined;
  #stopped = false;

  /** `work` says whether there is anything left to forget. */
  constructor(clock: Clock, limits: HistoryLimits, work: () => boolean) {
    this.#clock = clock;
    this.#limits = limits;
    this.#work = work;
  }

  /** There is something to forget, in time. */
  arm(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    const ms = Math.min(this.#limits.sampleMs, this.#limits.historyMs);
    this.#timer = this.#clock.after(ms, () => this.#tick(), { background: true });
  }

  sample(revision: number, appended: number): void {
    if (this.#samples.at(-1)?.revision === revision) return;
    this.#samples.push({ atMs: this.#clock.monotonic(), revision, appended });
  }

  /** The revision to compact to; 0: none yet. */
  target(appended: number): number {
    const oldest = this.#clock.monotonic() - this.#limits.historyMs;
    const least = appended - this.#limits.historyBytes;
    let target = 0;
    while (this.#samples.length > 0 && (this.#samples[0]!.atMs <= oldest || this.#samples[0]!.appended < least)) {
      target = this.#samples.shift()!.revision;
    }
    return target;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #tick(): void {
    this.#timer = undefined;
    if (this.#work()) this.arm();
  }
}
