/**
 * Durability in a directory: the write-ahead log, and now and then a checkpoint that lets old segments go.
 *
 * A checkpoint is the state at the compaction revision, so the log behind it still holds all history that can be read. It is written
 * when the segments it makes superfluous outweigh it, which bounds the files to a small multiple of what is alive and readable.
 */
import { setImmediate } from "node:timers";
import { type CheckpointFile, removeCheckpointsBefore, writeCheckpoint } from "./checkpoint.ts";
import type { CheckpointSource, Journal } from "./journal.ts";
import type { Transaction } from "../engine/version.ts";
import type { Wal } from "./wal.ts";

const CHECKPOINT_BYTES = 32 << 20;

export class DiskJournal implements Journal {
  readonly #directory: string;
  readonly #wal: Wal;
  readonly #salt: () => number;
  #checkpoint: CheckpointFile;
  #appended: number;
  #writing: Promise<void> | undefined;
  readonly #stop = new AbortController();
  readonly #onWarning: ((error: Error) => void) | undefined;

  constructor(directory: string, wal: Wal, checkpoint: CheckpointFile, salt: () => number, onWarning?: (error: Error) => void) {
    this.#directory = directory;
    this.#wal = wal;
    this.#checkpoint = checkpoint;
    this.#salt = salt;
    this.#onWarning = onWarning;
    this.#appended = wal.bytes;
  }

  commit(transaction: Transaction): void {
    this.#wal.records.commit(transaction);
  }

  leaseGrant(lease: bigint, seconds: number): void {
    this.#wal.records.leaseGrant(lease, seconds);
  }

  leaseEnd(lease: bigint): void {
    this.#wal.records.leaseEnd(lease);
  }

  compaction(revision: number): void {
    this.#wal.records.compaction(revision);
  }

  /** After the current turn of the event loop, so that all requests that came with it share the flush. */
  gather(fn: () => void): void {
    setImmediate(fn);
  }

  flush(revision: number, done: (error: Error | null) => void): void {
    this.#appended += this.#wal.records.bytes().length;
    this.#wal.flush(revision, done);
  }

  tidy(source: CheckpointSource): void {
    const freed = this.#wal.bytesThrough(source.revision);
    if (this.#writing || freed < Math.max(CHECKPOINT_BYTES, this.#checkpoint.bytes)) return;
    this.#writing = this.#replace(source)
      // The log has everything, so nothing is lost; it grows until a later attempt succeeds.
      .catch((error: Error) => this.#onWarning?.(new Error(`checkpoint: ${error.message}`, { cause: error })))
      .finally(() => (this.#writing = undefined));
  }

  busy(): Promise<void> | undefined {
    return this.#writing;
  }

  appended(): number {
    return this.#appended;
  }

  bytes(): number {
    return this.#wal.bytes + this.#checkpoint.bytes;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#writing;
    await this.#wal.close();
  }

  async #replace(source: CheckpointSource): Promise<void> {
    const file = await writeCheckpoint(this.#directory, source, this.#salt(), this.#stop.signal);
    if (file === undefined) return;
    this.#checkpoint = file;
    removeCheckpointsBefore(this.#directory, source.revision);
    this.#wal.dropThrough(source.revision);
  }
}
