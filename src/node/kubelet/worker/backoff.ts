/**
 * Waiting longer after each failure: 10 s, doubled up to 5 min, forgotten after twice that without one.
 *
 * @source staging/src/k8s.io/client-go/util/flowcontrol/backoff.go v1.36
 */
const INITIAL_BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 300_000;

interface Entry {
  delayMs: number;
  updatedAt: number;
}

export class Backoff {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** When the wait that began at `since` ends; undefined: it is over, or there is none. */
  waitsUntil(key: string, since: number): number | undefined {
    const entry = this.#entries.get(key);
    if (!entry || this.#expired(entry, since)) return undefined;
    const until = since + entry.delayMs;
    return until > this.#now() ? until : undefined;
  }

  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** Notes a failure at `at`. */
  next(key: string, at: number): void {
    const entry = this.#entries.get(key);
    const fresh = !entry || this.#expired(entry, at);
    const delayMs = fresh ? INITIAL_BACKOFF_MS : Math.min(entry.delayMs * 2, MAX_BACKOFF_MS);
    this.#entries.set(key, { delayMs, updatedAt: this.#now() });
  }

  /** When the last failure was noted. */
  updatedAt(key: string): number | undefined {
    return this.#entries.get(key)?.updatedAt;
  }

  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(entry: Entry, at: number): boolean {
    return at - entry.updatedAt > 2 * MAX_BACKOFF_MS;
  }
}

/** `10s`, `1m20s`: how durations stand in messages. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
