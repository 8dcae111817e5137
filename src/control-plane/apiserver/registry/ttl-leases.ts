/**
 * Leases for objects that vanish by themselves. Objects written within a minute share one: a lease each would be as much work as
 * the objects.
 *
 * @source staging/src/k8s.io/apiserver/pkg/storage/etcd3/lease_manager.go v1.36
 */
import type { Clock } from "../../../shared/lib/platform.ts";
import type { Store } from "../../store/types.ts";

const SHARED_SECONDS = 60;

export class TtlLeases {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #current = new Map<number, { lease: Promise<bigint>; until: number }>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** One that ends `ttlSeconds` from now, up to a minute later. */
  lasting(ttlSeconds: number): Promise<bigint> {
    const known = this.#current.get(ttlSeconds);
    if (known && known.until > this.#clock.monotonic()) return known.lease;
    const lease = this.#store.grantLease(ttlSeconds + SHARED_SECONDS);
    const entry = { lease, until: this.#clock.monotonic() + SHARED_SECONDS * 1000 };
    this.#current.set(ttlSeconds, entry);
    // One that could not be had is not kept.
    lease.catch(() => this.#current.get(ttlSeconds) === entry && this.#current.delete(ttlSeconds));
    return lease;
  }
}
