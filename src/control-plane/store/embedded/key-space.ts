/**
 * The state: every key with the versions that can still be read, and the transactions that made them.
 *
 * A commit is applied here the moment it is queued, so that the next one is judged against it, but readers see it only when it is
 * durable: they read at a revision, and versions beyond it are skipped.
 *
 *     key a:  older [v@5, v@9]  head v@12      read at 10 → v@9; at 4 → not there; at 12 → head
 *     compact(9): v@5 goes, nobody can ask for it; v@9 stays, it is what a reader at 9, 10 or 11 sees
 */
import { END_OF_KEYS, type KeyValue, type RangeOptions, type Write } from "../types.ts";
import { type Chunk, type Entry, KeyIndex } from "./index-chunks.ts";
import { History } from "./history.ts";
import type { Less } from "../engine/order.ts";
import type { WatchSource } from "../engine/watch-hub.ts";
import { type Change, NO_LEASE, tombstone, type Transaction, Version } from "../engine/version.ts";

/** An empty store is at revision 1, as etcd's is. */
export const FIRST_REVISION = 1;

export class KeySpace implements WatchSource {
  readonly #index = new KeyIndex();
  readonly history: History;
  /** The newest applied revision, durable or not. */
  head: number;
  /** Reads and watches from before are refused. */
  compacted: number;
  /** Keys alive at `head`. */
  keys = 0;

  constructor(revision = FIRST_REVISION) {
    this.head = revision;
    this.compacted = revision;
    this.history = new History(revision + 1);
  }

  /** Byte order as of now, for keys of which at least one is stored. */
  get less(): Less {
    return this.#index.less;
  }

  /** Events from this revision on are all here. After a checkpoint was read, the event at its own revision is not. */
  get oldestWatchable(): number {
    return this.history.first === FIRST_REVISION + 1 ? FIRST_REVISION : Math.max(this.compacted, this.history.first);
  }

  transactions(from: number, through: number, limit: number): Transaction[] {
    return this.history.slice(from, through, limit);
  }

  /** The first write whose condition does not hold now, or -1. */
  failing(writes: readonly Write[]): number {
    for (let i = 0; i < writes.length; i++) {
      const { key, expected } = writes[i]!;
      if (expected === undefined) continue;
      const head = this.#index.get(key)?.head;
      if (expected !== (head !== undefined && head.version > 0 ? head.modRevision : 0)) return i;
    }
    return -1;
  }

  /** The newest state of a key, durable or not. */
  current(key: string): Version | undefined {
    const head = this.#index.get(key)?.head;
    return head !== undefined && head.version > 0 ? head : undefined;
  }

  /** Applies writes at the next revision; undefined where nothing changes. */
  apply(writes: readonly Write[]): Transaction | undefined {
    const revision = this.head + 1;
    const changes: Change[] = [];
    for (const write of writes) {
      const change =
        write.op === "put" ? this.#put(write.key, write.value, write.lease, revision) : this.#delete(write.key, revision);
      if (change !== undefined) changes.push(change);
    }
    if (changes.length === 0) return undefined;
    const transaction = { revision, changes };
    this.head = revision;
    this.history.push(transaction);
    return transaction;
  }

  /** Puts back a version of a checkpoint: keys come in order, none of them twice. */
  restore(version: Version): void {
    this.#index.insert(version.key, version);
    this.keys++;
  }

  /** Keys alive now that were put with a lease. */
  eachLeased(visit: (lease: bigint, key: string) => void): void {
    for (const { entries } of this.#index.chunks) {
      for (const { head } of entries) if (head.lease !== NO_LEASE) visit(head.lease, head.key);
    }
  }

  get(key: string, revision: number): Version | undefined {
    const entry = this.#index.get(key);
    return entry === undefined ? undefined : visible(entry, revision);
  }

  /** Keys in [from, to) at a revision: at most `limit` of them, and how many there are. */
  range(from: string, to: string, revision: number, options: RangeOptions = {}): { kvs: KeyValue[]; count: number } {
    const walk = new Walk(revision, options.countOnly === true ? 0 : options.limit || Infinity);
    const index = this.#index;
    const { chunks } = index;
    const last = to === END_OF_KEYS ? chunks.length - 1 : index.chunkOf(to);
    for (let i = index.chunkOf(from); i <= last && i < chunks.length; i++) {
      const chunk = chunks[i]!;
      const { length } = chunk.entries;
      const begin = index.less(chunk.entries[0]!.key, from) ? index.positionIn(chunk, from) : 0;
      const end = i === last && to !== END_OF_KEYS ? index.positionIn(chunk, to) : length;
      walk.visit(chunk, begin, end);
    }
    return walk;
  }

  /** Drops what only readers before `revision` could see. */
  compact(revision: number): void {
    for (const transaction of this.history.since(this.compacted + 1)) {
      if (transaction.revision > revision) break;
      for (const change of transaction.changes) this.#trim(change.kv.key, revision);
    }
    this.compacted = revision;
    this.history.dropBefore(revision);
  }

  #put(key: string, value: Uint8Array, lease: bigint | undefined, revision: number): Change {
    const entry = this.#index.get(key);
    if (entry === undefined) {
      const kv = new Version(key, value, revision, revision, 1, lease ?? NO_LEASE);
      this.#index.insert(key, kv);
      this.keys++;
      return { type: "put", kv, prev: undefined };
    }
    const prev = entry.head.version > 0 ? entry.head : undefined;
    const kv = new Version(key, value, prev?.createRevision ?? revision, revision, (prev?.version ?? 0) + 1, lease ?? NO_LEASE);
    this.#replace(entry, kv);
    return { type: "put", kv, prev };
  }

  #delete(key: string, revision: number): Change | undefined {
    const entry = this.#index.get(key);
    if (entry === undefined || entry.head.version === 0) return undefined;
    const prev = entry.head;
    const kv = tombstone(key, revision);
    this.#replace(entry, kv);
    return { type: "delete", kv, prev };
  }

  #replace(entry: Entry, next: Version): void {
    const { head, chunk } = entry;
    if (entry.older === undefined) entry.older = [head];
    else entry.older.push(head);
    entry.head = next;
    chunk.newest = next.modRevision;
    const grown = (next.version > 0 ? 1 : 0) - (head.version > 0 ? 1 : 0);
    chunk.live += grown;
    this.keys += grown;
  }

  #trim(key: string, revision: number): void {
    const entry = this.#index.get(key);
    if (entry === undefined) return;
    if (entry.head.modRevision <= revision) {
      entry.older = undefined;
      if (entry.head.version === 0) this.#index.remove(entry);
      return;
    }
    const older = entry.older;
    if (older === undefined) return;
    let keep = older.length;
    while (keep > 0 && older[keep - 1]!.modRevision > revision) keep--;
    // older[keep - 1] is what a reader at `revision` sees; as a tombstone it is no different from nothing.
    if (keep > 0 && older[keep - 1]!.version > 0) keep--;
    entry.older = keep === older.length ? undefined : older.slice(keep);
  }
}

function visible(entry: Entry, revision: number): Version | undefined {
  let version: Version | undefined = entry.head;
  if (version.modRevision > revision) {
    const { older } = entry;
    if (older === undefined) return undefined;
    let i = older.length;
    do version = older[--i];
    while (version !== undefined && version.modRevision > revision);
  }
  return version !== undefined && version.version > 0 ? version : undefined;
}

/** Collects up to `limit` keys at a revision and counts the rest. */
class Walk {
  readonly kvs: Version[] = [];
  count = 0;
  readonly #revision: number;
  readonly #limit: number;

  constructor(revision: number, limit: number) {
    this.#revision = revision;
    this.#limit = limit;
  }

  visit(chunk: Chunk, begin: number, end: number): void {
    const { entries } = chunk;
    const plain = chunk.newest <= this.#revision;
    if (plain && this.kvs.length >= this.#limit && begin === 0 && end === entries.length) {
      this.count += chunk.live;
      return;
    }
    for (let i = begin; i < end; i++) {
      const version = visible(entries[i]!, this.#revision);
      if (version === undefined) continue;
      this.count++;
      if (this.kvs.length < this.#limit) this.kvs.push(version);
    }
  }
}
