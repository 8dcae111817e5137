/**
 * Opens a data directory: reads the newest checkpoint, replays the log behind it, and cuts off a torn end.
 *
 * What may be missing after any crash is only what nobody was told of: the bytes of the last flush. Everything else that does not
 * fit (a gap in the segments, a bad frame before a good one, a checkpoint without its end) is damage, and an error that names the file.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { StoreOpenError, type Write } from "../types.ts";
import { type CheckpointFile, checkpointPath, checkpointsIn, readCheckpoint, removeCheckpointsBefore } from "./checkpoint.ts";
import { FILE_HEADER_BYTES, FrameReader } from "./frames.ts";
import { FIRST_REVISION, KeySpace } from "./key-space.ts";
import { readRecords, type RecordVisitor } from "./records.ts";
import { type Segment, segmentPath, WAL_MAGIC } from "./wal.ts";

const SEGMENT_NAME = /^wal-(\d{10})$/;

export interface Recovered {
  state: KeySpace;
  leases: Map<bigint, number>;
  segments: Segment[];
  checkpoint: CheckpointFile;
}

export function recover(directory: string): Recovered {
  const names = readdirSync(directory).sort();
  for (const name of names) if (name.endsWith(".tmp")) rmSync(join(directory, name));
  const [newest] = checkpointsIn(names);
  const replay = new Replay(newest ?? FIRST_REVISION);
  let checkpoint: CheckpointFile = { revision: FIRST_REVISION, bytes: 0 };
  if (newest !== undefined) {
    checkpoint = readCheckpoint(checkpointPath(directory, newest), replay);
    removeCheckpointsBefore(directory, newest);
  }
  const numbers = names.flatMap((name) => SEGMENT_NAME.exec(name)?.[1] ?? []).map(Number);
  const segments = readSegments(directory, numbers, replay);
  if (newest !== undefined && segments.length === 0) {
    throw new StoreOpenError(directory, `damaged: there is a checkpoint of revision ${newest}, but no log (wal-…) behind it`);
  }
  replay.finish();
  return { state: replay.state, leases: replay.leases, segments, checkpoint };
}

function readSegments(directory: string, numbers: number[], replay: Replay): Segment[] {
  const segments: Segment[] = [];
  for (const [i, number] of numbers.entries()) {
    const path = segmentPath(directory, number);
    if (i > 0 && number !== numbers[i - 1]! + 1) throw new StoreOpenError(segmentPath(directory, numbers[i - 1]! + 1), "missing");
    const segment = readSegment(path, number, i === numbers.length - 1, replay);
    if (segment) segments.push(segment);
  }
  return segments;
}

/** undefined: a last segment that was not even begun, and is gone now. */
function readSegment(path: string, number: number, last: boolean, replay: Replay): Segment | undefined {
  const reader = new FrameReader(path, WAL_MAGIC);
  try {
    const { header } = reader;
    if (header?.number !== number) {
      // A crash between making the file and writing its header: it never held anything.
      if (!last || reader.size > FILE_HEADER_BYTES) throw new StoreOpenError(path, "damaged: not the header of a log segment");
      rmSync(path);
      return undefined;
    }
    if (header.revision > replay.state.head) {
      throw new StoreOpenError(
        path,
        `begins after revision ${header.revision}, but only ${replay.state.head} is known: a file is missing`,
      );
    }
    for (let payload = reader.next(); payload !== undefined; payload = reader.next()) replayFrame(path, payload, replay);
    if (reader.offset < reader.size) cutTornEnd(path, reader, last);
    return { path, number, salt: header.salt, revision: header.revision, bytes: reader.offset };
  } finally {
    reader.close();
  }
}

function replayFrame(path: string, payload: Buffer, replay: Replay): void {
  try {
    readRecords(payload, replay);
  } catch (error) {
    throw new StoreOpenError(path, `damaged: ${(error as Error).message}`, error);
  }
}

function cutTornEnd(path: string, reader: FrameReader, last: boolean): void {
  if (!last || reader.goodFrameBehind()) throw new StoreOpenError(path, `damaged at byte ${reader.offset} of ${reader.size}`);
  const fd = openSync(path, "r+");
  try {
    ftruncateSync(fd, reader.offset);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Builds the state from records: those of the checkpoint first, then those of the log that are newer. */
class Replay implements RecordVisitor {
  readonly state: KeySpace;
  readonly leases = new Map<bigint, number>();
  #compacted = 0;

  constructor(revision: number) {
    this.state = new KeySpace(revision);
  }

  commit = (revision: number, writes: Write[]): void => {
    if (revision <= this.state.head) return;
    if (revision !== this.state.head + 1) throw new Error(`revision ${revision} follows ${this.state.head}`);
    if (this.state.apply(writes) === undefined) throw new Error(`revision ${revision} changes nothing`);
  };

  leaseGrant = (lease: bigint, seconds: number): void => void this.leases.set(lease, seconds);

  leaseEnd = (lease: bigint): void => void this.leases.delete(lease);

  compaction = (revision: number): void => void (this.#compacted = revision);

  key = (kv: Parameters<RecordVisitor["key"]>[0]): void => this.state.restore(kv);

  end = (keys: number): void => {
    if (keys !== this.state.keys) throw new Error(`${this.state.keys} of ${keys} keys`);
  };

  finish(): void {
    if (this.#compacted > this.state.compacted && this.#compacted <= this.state.head) this.state.compact(this.#compacted);
  }
}
