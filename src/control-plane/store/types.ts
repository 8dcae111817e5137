/**
 * The store's contract: etcd's semantics, whatever keeps the bytes.
 *
 * Ordered keys, one global revision that grows by one with each committed write transaction, reads at a revision, compare-and-put on
 * `modRevision`, watches from a revision, compaction, leases. Keys and values are bytes to the store; it has never heard of a Pod.
 * A write resolves, and its event is published, only after it is durable; its events reach the watches before it resolves.
 *
 * What goes in and what comes out is shared, not copied: the bytes of a put must not change after the call, and a `KeyValue` is read-only.
 *
 * Two engines pass one contract suite (`contract.ts`): `embedded` and `etcd`.
 */
export interface KeyValue {
  /** Well-formed, not empty UTF-8 text; ordered by its bytes. */
  key: string;
  value: Uint8Array;
  /** Revision of the write that created this incarnation of the key. */
  createRevision: number;
  /** Revision of the last write. */
  modRevision: number;
  /** Writes since creation, 1 after the first; 0 in the event of a delete. */
  version: number;
}

export interface RangeOptions {
  /** Read as of this revision; 0 or absent: the latest. Throws `CompactedError` or `FutureRevisionError`. */
  revision?: number;
  /** At most this many; 0 or absent: all. */
  limit?: number;
  /** Only the count is wanted: `kvs` stays empty. */
  countOnly?: boolean;
}

export interface RangeResult {
  kvs: KeyValue[];
  /** The revision that was read (the store's current one for a latest read). */
  revision: number;
  /** Keys in the whole range at that revision, `limit` aside. */
  count: number;
  /** `limit` cut the result short. */
  more: boolean;
}

/** One change of a transaction. `expected` is the key's modRevision before it: 0 means that the key must be absent; absent: no condition. */
export type Write =
  | { op: "put"; key: string; value: Uint8Array; expected?: number; lease?: bigint }
  | { op: "delete"; key: string; expected?: number };

export type CommitResult =
  | { ok: true; revision: number }
  /** A condition failed and nothing was written: the first write that failed, and what is there now. */
  | { ok: false; revision: number; index: number; current: KeyValue | undefined };

export interface WatchEventRecord {
  type: "put" | "delete";
  /** For a delete: key, the revision of the delete as `modRevision`, and an empty value. */
  kv: KeyValue;
  /** The key's state before, where there was one and it is not compacted away. */
  prev: KeyValue | undefined;
}

export interface WatchHandler {
  /** All events of one revision (or of several, in order); called one after the other, never concurrently. */
  onEvents(events: WatchEventRecord[], revision: number): void;
  /**
   * All events up to `revision` have been delivered: sent after `requestProgress`, and at will.
   */
  onProgress?(revision: number): void;
  /** The watch is over: `CompactedError` when `fromRevision` is gone, else what broke. Not called after `close()`. */
  onError(error: Error): void;
}

export interface Watch {
  close(): void;
}

export interface Store {
  /** The latest committed revision. */
  currentRevision(): Promise<number>;
  get(key: string, options?: { revision?: number }): Promise<{ kv: KeyValue | undefined; revision: number }>;
  /** Keys in [`from`, `to`), in byte order. `to` may be `END_OF_KEYS`. */
  range(from: string, to: string, options?: RangeOptions): Promise<RangeResult>;
  /**
   * All writes or none, at one revision; conditions are judged in the order of the calls. Each key at most once.
   * Deleting what is absent is no change, and a commit without a change does not move the revision.
   */
  commit(writes: readonly Write[]): Promise<CommitResult>;
  /** Events of keys in [`from`, `to`) from `fromRevision` on (that revision included); 0: from now on. */
  watch(from: string, to: string, fromRevision: number, handler: WatchHandler): Watch;
  /** Asks that every watch's `onProgress` be called with a revision at least as new as the current one. */
  requestProgress(): Promise<void>;
  /**
   * Forgets history before `revision`: reads and watches from earlier revisions then fail with `CompactedError`, as does compacting
   * what was compacted already. A store also compacts by itself (`historyMs`).
   */
  compact(revision: number): Promise<void>;
  /** Keys put with a lease vanish `ttlSeconds` after the last keep-alive. An unknown lease is a `LeaseNotFoundError`, in a put too. */
  grantLease(ttlSeconds: number): Promise<bigint>;
  keepAlive(lease: bigint): Promise<void>;
  revokeLease(lease: bigint): Promise<void>;
  /** Bytes on disk, live keys, and the oldest revision that can still be read. */
  stats(): Promise<{ bytes: number; keys: number; compactRevision: number }>;
  close(): Promise<void>;
}

export class CompactedError extends Error {
  readonly compactRevision: number;
  constructor(compactRevision: number) {
    super(`required revision has been compacted (oldest: ${compactRevision})`);
    this.name = "CompactedError";
    this.compactRevision = compactRevision;
  }
}

export class FutureRevisionError extends Error {
  readonly currentRevision: number;
  constructor(currentRevision: number) {
    super(`required revision is a future revision (current: ${currentRevision})`);
    this.name = "FutureRevisionError";
    this.currentRevision = currentRevision;
  }
}

export class LeaseNotFoundError extends Error {
  readonly lease: bigint;
  constructor(lease: bigint) {
    super(`requested lease not found: ${lease.toString(16)}`);
    this.name = "LeaseNotFoundError";
    this.lease = lease;
  }
}

/** The store is closed, or it failed to make a write durable and refuses all further work: `cause` says which. */
export class StoreUnavailableError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "StoreUnavailableError";
  }
}

/** What is stored cannot be trusted or is not ours to open: damaged files, a second process. Names the file. */
export class StoreOpenError extends Error {
  readonly file: string;
  constructor(file: string, message: string, cause?: unknown) {
    super(`${file}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = "StoreOpenError";
    this.file = file;
  }
}

/** As the end of a range: no end, all keys from `from` on. (etcd's own convention.) */
export const END_OF_KEYS = "\0";

/** The end of the range of all keys with this prefix. */
export function prefixEnd(prefix: string): string {
  const points = Array.from(prefix, (c) => c.codePointAt(0)!);
  while (points.length > 0) {
    const last = points.pop()!;
    // The surrogates are no characters: their neighbours in byte order are D7FF and E000.
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return END_OF_KEYS;
}
