/**
 * The recent past as the feed delivered it, so that most watches can start without asking etcd: complete from `first` on, and bounded
 * by the bytes it holds. Revisions have gaps here, where others wrote to the same etcd.
 */
import { type Less, lessByBytes } from "../engine/order.ts";
import type { Transaction } from "../engine/version.ts";
import type { WatchSource } from "../engine/watch-hub.ts";

const OVERHEAD_BYTES = 200;

export class EventLog implements WatchSource {
  readonly less: Less = lessByBytes;
  #log: Transaction[] = [];
  #bytes = 0;
  readonly #maxBytes: number;
  oldestWatchable: number;

  constructor(first: number, maxBytes: number) {
    this.oldestWatchable = first;
    this.#maxBytes = maxBytes;
  }

  get compacted(): number {
    return this.oldestWatchable;
  }

  push(transactions: readonly Transaction[]): void {
    for (const transaction of transactions) {
      this.#log.push(transaction);
      this.#bytes += bytesOf(transaction);
    }
    let drop = 0;
    for (let bytes = this.#bytes; bytes > this.#maxBytes && drop < this.#log.length - 1; drop++)
      bytes -= bytesOf(this.#log[drop]!);
    if (drop > 0) this.dropBefore(this.#log[drop]!.revision);
  }

  dropBefore(revision: number): void {
    if (revision <= this.oldestWatchable) return;
    this.oldestWatchable = revision;
    for (const dropped of this.#log.splice(0, this.#position(revision))) this.#bytes -= bytesOf(dropped);
  }

  transactions(from: number, through: number, limit: number): Transaction[] {
    const begin = this.#position(from);
    return this.#log.slice(begin, Math.min(begin + limit, this.#position(through + 1)));
  }

  /** The first transaction at or after a revision. */
  #position(revision: number): number {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (this.#log[mid]!.revision < revision) low = mid + 1;
      else high = mid;
    }
    return low;
  }
}

function bytesOf({ changes }: Transaction): number {
  return changes.reduce(
    (sum, { kv, prev }) => sum + OVERHEAD_BYTES + kv.value.length + (prev?.value.length ?? 0),
    OVERHEAD_BYTES,
  );
}
