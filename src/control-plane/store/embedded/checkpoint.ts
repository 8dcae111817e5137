/**
 * Checkpoints: the whole state at one revision in a file of its own, `checkpoint-<revision>`.
 *
 * Written in slices beside the running store under another name, flushed, then renamed: a file with the right name is complete.
 * It must be read to its end record, or it is damaged.
 */
import { readdirSync, rmSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { StoreOpenError } from "../types.ts";
import { encodeFileHeader, FILE_HEADER_BYTES, FRAME_HEADER_BYTES, FrameReader, sealFrame } from "./frames.ts";
import type { CheckpointSource } from "./journal.ts";
import { readRecords, RecordWriter, type RecordVisitor } from "./records.ts";
import { syncFiles } from "./wal.ts";

const CHECKPOINT_MAGIC = "KNARRCKP";
const NAME = /^checkpoint-(\d{16})$/;
const SLICE_KEYS = 500;

export interface CheckpointFile {
  revision: number;
  bytes: number;
}

export function checkpointPath(directory: string, revision: number): string {
  return join(directory, `checkpoint-${String(revision).padStart(16, "0")}`);
}

/** Revisions of the checkpoints in the directory, newest first. */
export function checkpointsIn(names: readonly string[]): number[] {
  const revisions = names.flatMap((name) => NAME.exec(name)?.[1] ?? []);
  return revisions.map(Number).sort((a, b) => b - a);
}

/** undefined where it was aborted: nothing is left of it then, as after an error. */
export async function writeCheckpoint(
  directory: string,
  source: CheckpointSource,
  salt: number,
  signal: AbortSignal,
): Promise<CheckpointFile | undefined> {
  const { revision } = source;
  const path = checkpointPath(directory, revision);
  const temporary = `${path}.tmp`;
  let bytes: number | undefined;
  try {
    bytes = await writeFrames(temporary, source, salt, signal);
  } finally {
    if (bytes === undefined) await rm(temporary, { force: true });
  }
  if (bytes === undefined) return undefined;
  await rename(temporary, path);
  await syncFiles([directory]);
  return { revision, bytes };
}

async function writeFrames(
  path: string,
  source: CheckpointSource,
  salt: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const file = await open(path, "w", 0o600);
  try {
    let bytes = FILE_HEADER_BYTES;
    await file.appendFile(encodeFileHeader({ magic: CHECKPOINT_MAGIC, salt, revision: source.revision, number: 0 }));
    for await (const frame of frames(source)) {
      if (signal.aborted) return undefined;
      sealFrame(frame, salt, bytes);
      await file.appendFile(frame);
      bytes += frame.length;
    }
    await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

export function removeCheckpointsBefore(directory: string, revision: number): void {
  for (const old of checkpointsIn(readdirSync(directory))) {
    if (old < revision) rmSync(checkpointPath(directory, old));
  }
}

/** Throws `StoreOpenError` unless the file is whole. */
export function readCheckpoint(path: string, visitor: RecordVisitor): CheckpointFile {
  const reader = new FrameReader(path, CHECKPOINT_MAGIC);
  try {
    if (reader.header === undefined) throw new StoreOpenError(path, "damaged: not the header of a checkpoint");
    let ended = false;
    const watched = { ...visitor, end: (keys: number) => (visitor.end(keys), (ended = true)) };
    for (let payload = reader.next(); payload !== undefined; payload = reader.next()) readRecords(payload, watched);
    if (!ended || reader.offset !== reader.size) throw new StoreOpenError(path, `damaged at byte ${reader.offset}`);
    return { revision: reader.header.revision, bytes: reader.size };
  } finally {
    reader.close();
  }
}

async function* frames(source: CheckpointSource): AsyncIterable<Buffer> {
  const records = new RecordWriter(FRAME_HEADER_BYTES, 1 << 20);
  for (const { id, seconds } of source.leases) records.leaseGrant(id, seconds);
  let keys = 0;
  for (let from = "\0"; ;) {
    const slice = source.scan(from, SLICE_KEYS);
    for (const kv of slice) records.key(kv);
    keys += slice.length;
    if (slice.length < SLICE_KEYS) break;
    from = `${slice.at(-1)!.key}\0`;
    yield records.bytes();
    records.reset();
    await nextTurn();
  }
  records.end(keys);
  yield records.bytes();
}
