/** The transactions that watches can still start from, one per revision without gaps, so that a revision is an array position. */
import type { Transaction } from "../engine/version.ts";

export class History {
  #log: Transaction[] = [];
  /** Dropped from the front of `#log` but not cut off yet. */
  #skip = 0;
  /** The revision of the oldest transaction held, or of the next one. */
  first: number;

  constructor(first: number) {
    this.first = first;
  }

  get length(): number {
    return this.#log.length - this.#skip;
  }

  push(transaction: Transaction): void {
    this.#log.push(transaction);
  }

  /** At most `limit` transactions from revision `from` through `through`. */
  slice(from: number, through: number, limit: number): Transaction[] {
    const begin = this.#skip + Math.max(0, from - this.first);
    return this.#log.slice(begin, Math.min(begin + limit, this.#skip + through + 1 - this.first));
  }

  *since(revision: number): Iterable<Transaction> {
    for (let i = Math.max(0, revision - this.first) + this.#skip; i < this.#log.length; i++) yield this.#log[i]!;
  }

  dropBefore(revision: number): void {
    const dropped = Math.min(Math.max(0, revision - this.first), this.length);
    this.first += dropped;
    this.#log.fill(undefined as unknown as Transaction, this.#skip, this.#skip + dropped);
    this.#skip += dropped;
    if (this.#skip * 2 < this.#log.length) return;
    this.#log = this.#log.slice(this.#skip);
    this.#skip = 0;
  }
}
