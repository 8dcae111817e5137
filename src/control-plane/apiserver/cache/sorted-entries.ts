/**
 * Entries in key order: insert, remove and walk from any key, cheap at a hundred thousand entries.
 *
 * A list of blocks of at most `BLOCK` sorted entries; a write touches one block, a walk is array iteration. For example with
 * blocks of two: [[a, c], [d, f], [k]]; inserting `b` splits the first block into [a] and [b, c].
 */
const BLOCK = 512;

export interface Keyed {
  readonly key: string;
}

export class SortedEntries<T extends Keyed> {
  #blocks: T[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Inserts the entry, or replaces the one of the same key. */
  set(entry: T): void {
    const index = Math.max(0, this.#blockOf(entry.key));
    const block = this.#blocks[index];
    if (!block) {
      this.#blocks.push([entry]);
      this.#size++;
      return;
    }
    const at = lowerBound(block, entry.key);
    if (block[at]?.key === entry.key) {
      block[at] = entry;
      return;
    }
    this.#size++;
    block.splice(at, 0, entry);
    // Appending is the common case of a growing store: leave full blocks full then.
    if (block.length > BLOCK) this.#blocks.splice(index + 1, 0, block.splice(at === BLOCK ? BLOCK : BLOCK >> 1));
  }

  delete(key: string): boolean {
    const index = this.#blockOf(key);
    const block = this.#blocks[index];
    if (!block) return false;
    const at = lowerBound(block, key);
    if (block[at]?.key !== key) return false;
    block.splice(at, 1);
    this.#size--;
    if (!block.length) this.#blocks.splice(index, 1);
    return true;
  }

  /** Entries with `from` <= key < `to`, in order. Must not be changed meanwhile. */
  *range(from: string, to: string): Generator<T> {
    for (let b = Math.max(0, this.#blockOf(from)); b < this.#blocks.length; b++) {
      const block = this.#blocks[b]!;
      for (let i = lowerBound(block, from); i < block.length; i++) {
        if (block[i]!.key >= to) return;
        yield block[i]!;
      }
    }
  }

  /** How many keys lie in [`from`, `to`). */
  count(from: string, to: string): number {
    return this.#rank(to) - this.#rank(from);
  }

  #rank(key: string): number {
    const index = this.#blockOf(key);
    if (index < 0) return 0;
    let rank = lowerBound(this.#blocks[index]!, key);
    for (let b = 0; b < index; b++) rank += this.#blocks[b]!.length;
    return rank;
  }

  /** The last block whose first key is not after `key`; -1 where all are. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.#blocks[mid]![0]!.key <= key) low = mid + 1;
      else high = mid;
    }
    return low - 1;
  }
}

/** Index of the first entry whose key is not before `key`. */
function lowerBound(block: readonly Keyed[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (block[mid]!.key < key) low = mid + 1;
    else high = mid;
  }
  return low;
}
