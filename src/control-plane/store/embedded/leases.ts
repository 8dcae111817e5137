/** Leases: how long they live, and which keys go with them. One timer, for the one that ends first. */
import type { Platform, Timer } from "../../../shared/lib/platform.ts";
import { LeaseNotFoundError } from "../types.ts";
import { type Change, NO_LEASE } from "../engine/version.ts";

interface Lease {
  id: bigint;
  seconds: number;
  /** On the monotonic clock. */
  endsAtMs: number;
  readonly keys: Set<string>;
}

export class Leases {
  readonly #platform: Platform;
  readonly #onEnd: (lease: bigint) => void;
  readonly #byId = new Map<bigint, Lease>();
  #timer: Timer | undefined;
  #timerAtMs = Infinity;

  /** `onEnd` is called for each lease whose time is over, and has to `remove` it. */
  constructor(platform: Platform, onEnd: (lease: bigint) => void) {
    this.#platform = platform;
    this.#onEnd = onEnd;
  }

  has(id: bigint): boolean {
    return this.#byId.has(id);
  }

  all(): Iterable<{ id: bigint; seconds: number }> {
    return this.#byId.values();
  }

  freshId(): bigint {
    const id = Buffer.from(this.#platform.random.bytes(8)).readBigUInt64LE() >> 1n;
    return id === NO_LEASE || this.#byId.has(id) ? this.freshId() : id;
  }

  add(id: bigint, seconds: number): void {
    const keys = this.#byId.get(id)?.keys ?? new Set<string>();
    const endsAtMs = this.#platform.clock.monotonic() + seconds * 1000;
    this.#byId.set(id, { id, seconds, endsAtMs, keys });
    this.#arm(endsAtMs);
  }

  renew(id: bigint): void {
    const lease = this.#get(id);
    lease.endsAtMs = this.#platform.clock.monotonic() + lease.seconds * 1000;
  }

  keys(id: bigint): string[] {
    return [...this.#get(id).keys];
  }

  remove(id: bigint): void {
    this.#byId.delete(id);
  }

  /** Keys belong to the lease of their last put. */
  follow({ kv, prev }: Change): void {
    if (prev !== undefined && prev.lease !== NO_LEASE) this.#byId.get(prev.lease)?.keys.delete(kv.key);
    if (kv.lease !== NO_LEASE) this.#byId.get(kv.lease)?.keys.add(kv.key);
  }

  attach(id: bigint, key: string): void {
    this.#byId.get(id)?.keys.add(key);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #get(id: bigint): Lease {
    const lease = this.#byId.get(id);
    if (lease === undefined) throw new LeaseNotFoundError(id);
    return lease;
  }

  /** Renewals do not move the timer: it finds out when it fires. */
  #arm(atMs: number): void {
    if (atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    const { clock } = this.#platform;
    this.#timer = clock.after(Math.max(1, atMs - clock.monotonic()), () => this.#expire(), { background: true });
  }

  #expire(): void {
    this.#timerAtMs = Infinity;
    const now = this.#platform.clock.monotonic();
    let next = Infinity;
    for (const lease of this.#byId.values()) {
      if (lease.endsAtMs <= now) this.#onEnd(lease.id);
      else next = Math.min(next, lease.endsAtMs);
    }
    if (next < Infinity) this.#arm(next);
  }
}
