/** Where an engine's writes become durable: a directory of files, or nowhere for a store in memory. */
import type { Transaction, Version } from "../engine/version.ts";

export interface Journal {
  commit(transaction: Transaction): void;
  leaseGrant(lease: bigint, seconds: number): void;
  leaseEnd(lease: bigint): void;
  compaction(revision: number): void;
  /** Calls `fn` when what belongs to the next flush has probably come together. */
  gather(fn: () => void): void;
  /** Makes everything up to here durable, then calls `done`, perhaps before it returns. `revision` is the newest durable one. One call at a time. */
  flush(revision: number, done: (error: Error | null) => void): void;
  /** Called after each compaction: replaces old files by a checkpoint where that pays. */
  tidy(source: CheckpointSource): void;
  /** While a checkpoint is being written: nothing may be compacted until this resolves. */
  busy(): Promise<void> | undefined;
  /** Bytes that were ever appended: tells how much history lies between two moments. */
  appended(): number;
  /** Bytes on disk. */
  bytes(): number;
  close(): Promise<void>;
}

/** What a checkpoint is made of: the state at the oldest readable revision. */
export interface CheckpointSource {
  revision: number;
  leases: Iterable<{ id: bigint; seconds: number }>;
  /** Up to `limit` keys from `from` on, in order, at `revision`. */
  scan(from: string, limit: number): Version[];
}

export class MemoryJournal implements Journal {
  #appended = 0;

  commit({ changes }: Transaction): void {
    for (const { kv } of changes) this.#appended += 30 + kv.key.length + kv.value.length;
  }

  leaseGrant(): void {}
  leaseEnd(): void {}
  compaction(): void {}

  gather(fn: () => void): void {
    queueMicrotask(fn);
  }

  flush(_revision: number, done: (error: Error | null) => void): void {
    done(null);
  }

  tidy(): void {}

  busy(): undefined {}

  appended(): number {
    return this.#appended;
  }

  bytes(): number {
    return 0;
  }

  async close(): Promise<void> {}
}
