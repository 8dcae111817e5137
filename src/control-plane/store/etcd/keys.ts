/**
 * Between the store's keys and etcd's: a prefix, and a marker.
 *
 * All keys of this store stand in etcd under the prefix. One more key there begins with NUL, which a caller's key must not: writing
 * that marker makes an event that every feed of this store sees (see `feed.ts`), and no reader.
 */
import { END_OF_KEYS, type KeyValue } from "../types.ts";
import { prefixEnd } from "../types.ts";
import { NO_LEASE, tombstone, type Transaction, Version } from "../engine/version.ts";
import { bigint, number, type WireEvent, type WireKeyValue } from "./protocol.ts";

export class Keys {
  readonly marker: Buffer;
  /** All keys of this store, the marker among them. */
  readonly all: { key: Buffer; range_end: Buffer };
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.marker = Buffer.from(`${prefix}\0marker`);
    this.all = { key: Buffer.from(`${prefix}\0`), range_end: this.#end(END_OF_KEYS) };
  }

  key(key: string): Buffer {
    return Buffer.from(this.#prefix + key);
  }

  /** etcd's range of [from, to), the marker left out. */
  range(from: string, to: string): { key: Buffer; range_end: Buffer } {
    return { key: this.key(from < "\u0001" ? "\u0001" : from), range_end: this.#end(to) };
  }

  keyValue(kv: WireKeyValue): KeyValue {
    return this.version(kv);
  }

  version(kv: WireKeyValue): Version {
    const key = kv.key.toString("utf8").slice(this.#prefix.length);
    const lease = kv.lease.low === 0 && kv.lease.high === 0 ? NO_LEASE : bigint(kv.lease);
    return new Version(key, kv.value, number(kv.create_revision), number(kv.mod_revision), number(kv.version), lease);
  }

  /** Events of one answer, put together by revision. A transaction of the marker alone has no changes. */
  transactions(events: readonly WireEvent[]): Transaction[] {
    const transactions: Transaction[] = [];
    for (const { type, kv, prev_kv } of events) {
      const revision = number(kv.mod_revision);
      if (transactions.at(-1)?.revision !== revision) transactions.push({ revision, changes: [] });
      if (kv.key.equals(this.marker)) continue;
      const version = this.version(kv);
      const prev = prev_kv ? this.version(prev_kv) : undefined;
      const change =
        type === 1
          ? { type: "delete" as const, kv: tombstone(version.key, revision), prev }
          : { type: "put" as const, kv: version, prev };
      transactions.at(-1)!.changes.push(change);
    }
    return transactions;
  }

  #end(to: string): Buffer {
    if (to !== END_OF_KEYS) return this.key(to);
    return Buffer.from(this.#prefix === "" ? END_OF_KEYS : prefixEnd(this.#prefix));
  }
}
