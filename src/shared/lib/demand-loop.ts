/**
 * Work that is done when asked for: one run at a time, requests during a run lead to one more, requests shortly after
 * another are gathered, and a run that failed comes again by itself, later and later.
 */
import type { Logger } from "./logger.ts";
import type { Clock, Timer } from "./platform.ts";

export interface DemandLoopOptions {
  clock: Clock;
  log: Logger;
  /** What the log calls it. */
  name: string;
  /** May answer after how many milliseconds it wants to run again. */
  work(): Promise<number | void>;
  /** How long requests gather before a run; default 0. */
  gatherMs?: number;
  /** Wait after the first failure, doubled up to 30 s; default 500. */
  retryMs?: number;
}

const LONGEST_RETRY_MS = 30_000;

export class DemandLoop {
  readonly #options: DemandLoopOptions;
  #timer: Timer | undefined;
  #dueAt = Infinity;
  #running: Promise<void> | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: DemandLoopOptions) {
    this.#options = options;
  }

  request(): void {
    this.#schedule(this.#options.gatherMs ?? 0);
  }

  /** Runs as requested until the signal, and resolves when the last run has ended. */
  async run(signal: AbortSignal): Promise<void> {
    this.request();
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    this.#closed = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #schedule(ms: number): void {
    const { clock } = this.#options;
    const at = clock.monotonic() + ms;
    if (this.#closed || at >= this.#dueAt) return;
    this.#timer?.cancel();
    this.#dueAt = at;
    if (!this.#running) this.#timer = clock.after(ms, () => void (this.#running = this.#once()));
  }

  async #once(): Promise<void> {
    const { clock, log, name, retryMs = 500 } = this.#options;
    this.#dueAt = Infinity;
    this.#timer = undefined;
    let again: number | void;
    try {
      again = await this.#options.work();
      this.#failures = 0;
    } catch (err) {
      log.error({ err }, `${name} failed, will be repeated`);
      again = Math.min(retryMs * 2 ** this.#failures++, LONGEST_RETRY_MS);
    }
    this.#running = undefined;
    const requested = this.#dueAt - clock.monotonic();
    this.#dueAt = Infinity;
    const wait = Math.min(Math.max(requested, 0), again ?? Infinity);
    if (wait !== Infinity) this.#schedule(wait);
  }
}
