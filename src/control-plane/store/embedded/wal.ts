/**
 * The write-ahead log: numbered segments of frames, one flush at a time.
 *
 * Records are appended to a buffer; `flush` makes all that has gathered durable with one write. On Linux the file is open with
 * O_DSYNC: one trip through the thread pool, and half the time and CPU of write + fdatasync as measured. Elsewhere fdatasync follows, since
 * only that reaches the medium (macOS: F_FULLFSYNC).
 */
import { closeSync, constants, fdatasync, openSync, rmSync, write, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../../shared/lib/platform.ts";
import { encodeFileHeader, FILE_HEADER_BYTES, FRAME_HEADER_BYTES, sealFrame } from "./frames.ts";
import { RecordWriter } from "./records.ts";

export const WAL_MAGIC = "KNARRWAL";
const SEGMENT_BYTES = 16 << 20;
const DSYNC = process.platform === "linux" ? constants.O_DSYNC : 0;

export interface Segment {
  path: string;
  number: number;
  salt: number;
  /** The revision before its first record. */
  revision: number;
  bytes: number;
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, `wal-${String(number).padStart(10, "0")}`);
}

export class Wal {
  /** Oldest first; the last one is written to. */
  readonly segments: Segment[];
  readonly #directory: string;
  readonly #random: Random;
  #filling = new RecordWriter(FRAME_HEADER_BYTES);
  #flushing = new RecordWriter(FRAME_HEADER_BYTES);
  #fd: number;
  /** While a new segment is not durable itself. */
  #begun: Promise<unknown> | undefined;
  readonly #alsoSync: string[];

  /** Goes on after `segments`, whose last one is good up to its `bytes`; makes the first one where there is none. `alsoSync`: with that. */
  constructor(directory: string, segments: Segment[], revision: number, random: Random, alsoSync: string[] = []) {
    this.#directory = directory;
    this.#random = random;
    this.segments = segments;
    this.#alsoSync = alsoSync;
    const last = segments.at(-1);
    this.#fd = last ? openSync(last.path, constants.O_RDWR | DSYNC) : this.#begin(1, revision);
  }

  /** Records that go with the next flush. */
  get records(): RecordWriter {
    return this.#filling;
  }

  get bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Bytes of segments that hold nothing after `revision`. */
  bytesThrough(revision: number): number {
    let bytes = 0;
    for (let i = 0; i + 1 < this.segments.length && this.segments[i + 1]!.revision <= revision; i++)
      bytes += this.segments[i]!.bytes;
    return bytes;
  }

  /** Makes the gathered records durable. `revision` is the newest before them. One call at a time. */
  flush(revision: number, done: (error: Error | null) => void): void {
    const records = this.#filling;
    this.#filling = this.#flushing;
    this.#flushing = records;
    let segment = this.segments.at(-1)!;
    if (records.empty) return done(null);
    try {
      if (segment.bytes >= SEGMENT_BYTES) segment = this.#rotate(revision);
    } catch (error) {
      return done(error as Error);
    }
    const frame = records.bytes();
    sealFrame(frame, segment.salt, segment.bytes);
    const write = () =>
      writeAll(this.#fd, frame, segment.bytes, (error) => {
        if (!error) segment.bytes += frame.length;
        records.reset();
        done(error);
      });
    if (this.#begun === undefined) write();
    else this.#begun.then(write, done);
  }

  /** Deletes segments that hold nothing after `revision`; the oldest first, so that a crash leaves no gap. */
  dropThrough(revision: number): void {
    while (this.segments.length > 1 && this.segments[1]!.revision <= revision) rmSync(this.segments.shift()!.path);
  }

  async close(): Promise<void> {
    await this.#begun?.catch(() => {});
    closeSync(this.#fd);
  }

  #rotate(revision: number): Segment {
    const next = this.#begin(this.segments.at(-1)!.number + 1, revision);
    closeSync(this.#fd);
    this.#fd = next;
    return this.segments.at(-1)!;
  }

  /** The new file is made durable in the background: the first frame waits for that, opening an empty store does not. */
  #begin(number: number, revision: number): number {
    const path = segmentPath(this.#directory, number);
    const salt = Buffer.from(this.#random.bytes(4)).readUInt32LE();
    writeFileSync(path, encodeFileHeader({ magic: WAL_MAGIC, salt, revision, number }), { mode: 0o600 });
    this.#begun = syncFiles([path, this.#directory, ...this.#alsoSync.splice(0)]).then(() => (this.#begun = undefined));
    // Whoever flushes next is told.
    this.#begun.catch(() => {});
    this.segments.push({ path, number, salt, revision, bytes: FILE_HEADER_BYTES });
    return openSync(path, constants.O_RDWR | DSYNC);
  }
}

/** Makes files and directory entries durable: what is new or renamed is there after a power cut. */
export async function syncFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const file = await open(path, "r");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

function writeAll(fd: number, bytes: Buffer, position: number, done: (error: Error | null) => void): void {
  write(fd, bytes, 0, bytes.length, position, (error, written) => {
    if (error) done(error);
    else if (written < bytes.length) writeAll(fd, bytes.subarray(written), position + written, done);
    else if (DSYNC) done(null);
    else fdatasync(fd, done);
  });
}
