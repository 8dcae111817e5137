/**
 * What a controller has asked for and its cache has not seen yet.
 *
 * Between a create and its arrival in the cache the cache shows too few objects; whoever counts then creates twice. So: expect before
 * writing, observe on events, and do not count while something is outstanding. After five minutes the expectation is given up, since an
 * event may have been lost.
 *
 *     expectCreations("ns/rs", 3) → event, event → pending() is true → event → pending() is false
 *
 * @source pkg/controller/controller_utils.go v1.36
 */
import type { Clock } from "../lib/platform.ts";

const GIVE_UP_MS = 5 * 60_000;

interface Expected {
  creations: number;
  /** Keys of objects whose deletion was asked for. */
  deletions: Set<string>;
  since: number;
}

export class Expectations {
  readonly #clock: Clock;
  readonly #byOwner = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  expectCreations(owner: string, count: number): void {
    const e = this.#of(owner);
    e.creations += count;
    e.since = this.#clock.monotonic();
  }

  expectDeletions(owner: string, keys: readonly string[]): void {
    const e = this.#of(owner);
    for (const key of keys) e.deletions.add(key);
    e.since = this.#clock.monotonic();
  }

  /** An object of the owner has arrived in the cache, or its creation has failed. */
  creationSeen(owner: string): void {
    const e = this.#byOwner.get(owner);
    if (e && e.creations > 0) e.creations--;
  }

  deletionSeen(owner: string, key: string): void {
    this.#byOwner.get(owner)?.deletions.delete(key);
  }

  pending(owner: string): boolean {
    const e = this.#byOwner.get(owner);
    if (!e || (e.creations <= 0 && e.deletions.size === 0)) return false;
    if (this.#clock.monotonic() - e.since < GIVE_UP_MS) return true;
    this.#byOwner.delete(owner);
    return false;
  }

  forget(owner: string): void {
    this.#byOwner.delete(owner);
  }

  #of(owner: string): Expected {
    let e = this.#byOwner.get(owner);
    if (!e) this.#byOwner.set(owner, (e = { creations: 0, deletions: new Set(), since: 0 }));
    return e;
  }
}
