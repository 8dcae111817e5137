/** The transactions that watches can still start from, one per revision without gaps, so that a revision is an array position. */
import type { Transaction } from "./version.ts";

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

  at(revision: number): Transaction | undefined {
    return this.#log[this.#skip + revision - this.first];
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
