/**
 * All keys in byte order: a list of sorted chunks of at most 512 entries.
 *
 *     chunks:  [ a b c ]  [ f g ]  [ m … z ]
 *     insert d: binary search for the last chunk whose first key is <= d, binary search inside, splice; a full chunk splits in two.
 *
 * Moving at most 511 pointers is cheaper than a tree's balancing, and a range walks arrays. Each chunk knows how many of its entries
 * are alive and the newest revision in it, so that counting a range, or reading it at the latest revision, looks at most at the two
 * chunks at its ends and at those with writes that came later.
 */
import { hasHighUnits, lessByBytes, lessByUnits, type Less } from "../engine/order.ts";
import type { Version } from "../engine/version.ts";

const CHUNK_ENTRIES = 512;

/** One key: its newest version (perhaps a tombstone), and older ones that can still be read, oldest first. */
export interface Entry {
  readonly key: string;
  head: Version;
  older: Version[] | undefined;
  chunk: Chunk;
}

export interface Chunk {
  entries: Entry[];
  /** Entries whose head is no tombstone. */
  live: number;
  /** No head in here is newer. */
  newest: number;
}

export class KeyIndex {
  readonly chunks: Chunk[] = [];
  readonly #byKey = new Map<string, Entry>();
  #less: Less = lessByUnits;

  /** Entries, tombstones among them. */
  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  get less(): Less {
    return this.#less;
  }

  /** Adds a key that is not there; `head` is alive. */
  insert(key: string, head: Version): void {
    if (this.#less === lessByUnits && hasHighUnits(key)) this.#less = lessByBytes;
    const at = this.chunkOf(key);
    const chunk = this.chunks[at] ?? this.#firstChunk();
    const entry: Entry = { key, head, older: undefined, chunk };
    const position = this.positionIn(chunk, key);
    if (position === chunk.entries.length) chunk.entries.push(entry);
    else chunk.entries.splice(position, 0, entry);
    chunk.live++;
    chunk.newest = head.modRevision;
    this.#byKey.set(key, entry);
    if (chunk.entries.length > CHUNK_ENTRIES) this.#split(at, position === CHUNK_ENTRIES);
  }

  /** Takes out a key whose head is a tombstone. */
  remove(entry: Entry): void {
    const { chunk } = entry;
    this.#byKey.delete(entry.key);
    if (chunk.entries.length === 1) {
      this.chunks.splice(this.chunks.indexOf(chunk), 1);
      return;
    }
    chunk.entries.splice(this.positionIn(chunk, entry.key), 1);
  }

  /** The chunk in which `key` is or would be; 0 where there is none. */
  chunkOf(key: string): number {
    const less = this.#less;
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (less(key, this.chunks[mid]!.entries[0]!.key)) high = mid;
      else low = mid + 1;
    }
    return Math.max(0, low - 1);
  }

  /** The first entry of the chunk that is not before `key`. */
  positionIn(chunk: Chunk, key: string): number {
    const less = this.#less;
    const { entries } = chunk;
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (less(entries[mid]!.key, key)) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  #firstChunk(): Chunk {
    const chunk: Chunk = { entries: [], live: 0, newest: 0 };
    this.chunks.push(chunk);
    return chunk;
  }

  /** In the middle; at the end where keys arrive in order, so that the chunks stay full. */
  #split(at: number, ascending: boolean): void {
    const chunk = this.chunks[at]!;
    const entries = chunk.entries.splice(ascending ? CHUNK_ENTRIES : CHUNK_ENTRIES >>> 1);
    const right: Chunk = { entries, live: 0, newest: chunk.newest };
    for (const entry of entries) {
      entry.chunk = right;
      if (entry.head.version > 0) right.live++;
    }
    chunk.live -= right.live;
    this.chunks.splice(at + 1, 0, right);
  }
}
