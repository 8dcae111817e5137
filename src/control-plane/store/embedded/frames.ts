/**
 * Frames: the unit of durability. A file is a header and frames; a frame is everything that one flush made durable.
 *
 *     file   = magic (8), format (4), salt (4), revision (8), number (4), checksum of those (4), frame*
 *     frame  = mark (4), payload length (4), checksum of the payload (4), checksum of those three (4), payload
 *
 * Checksums are CRC-32 seeded with the file's random salt and the frame's place, so that bytes of another file, or a value that holds
 * a copy of this one, never pass for a frame. A frame is written only after the one before it is on disk: a bad frame with a good one
 * somewhere behind it is damage; a bad one with nothing behind it is a write that was cut off and that nobody was told of.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";

export const FILE_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 16;
const FORMAT = 1;
const MARK = 0x4d524631;
const BLOCK_BYTES = 1 << 20;

export interface FileHeader {
  /** 8 ASCII characters: what sort of file it is. */
  magic: string;
  salt: number;
  /** Log segment: the revision before its first record. Checkpoint: the revision it holds. */
  revision: number;
  /** Log segment: its place in the sequence. */
  number: number;
}

export function encodeFileHeader(header: FileHeader): Buffer {
  const bytes = Buffer.alloc(FILE_HEADER_BYTES);
  bytes.write(header.magic, 0, "latin1");
  bytes.writeUInt32LE(FORMAT, 8);
  bytes.writeUInt32LE(header.salt, 12);
  bytes.writeBigUInt64LE(BigInt(header.revision), 16);
  bytes.writeUInt32LE(header.number, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  return bytes;
}

/** undefined where the bytes are no header of this sort. */
function decodeFileHeader(bytes: Buffer, magic: string): FileHeader | undefined {
  if (bytes.length < FILE_HEADER_BYTES || bytes.toString("latin1", 0, 8) !== magic) return undefined;
  if (bytes.readUInt32LE(28) !== crc32(bytes.subarray(0, 28)) || bytes.readUInt32LE(8) !== FORMAT) return undefined;
  const revision = Number(bytes.readBigUInt64LE(16));
  return { magic, salt: bytes.readUInt32LE(12), revision, number: bytes.readUInt32LE(24) };
}

/** Fills in the header of a frame whose payload follows its headroom, and which will stand at `offset`. */
export function sealFrame(frame: Buffer, salt: number, offset: number): void {
  const seed = seedOf(salt, offset);
  const payload = frame.subarray(FRAME_HEADER_BYTES);
  frame.writeUInt32LE(MARK, 0);
  frame.writeUInt32LE(payload.length, 4);
  frame.writeUInt32LE(crc32(payload, seed), 8);
  frame.writeUInt32LE(crc32(frame.subarray(0, 12), seed), 12);
}

function seedOf(salt: number, offset: number): number {
  return (salt + offset) >>> 0;
}

/** Reads a file frame by frame; a payload is good until the next call. */
export class FrameReader {
  readonly size: number;
  /** undefined: the file does not begin with a good header. */
  readonly header: FileHeader | undefined;
  /** Where the next frame begins: after a bad frame, how far the file is good. */
  offset = FILE_HEADER_BYTES;
  readonly #fd: number;
  #memory: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #block: Buffer = Buffer.alloc(0);
  #blockAt = 0;

  constructor(path: string, magic: string) {
    this.#fd = openSync(path, "r");
    this.size = fstatSync(this.#fd).size;
    this.header = decodeFileHeader(this.#view(0, FILE_HEADER_BYTES), magic);
  }

  /** The next payload; undefined at the end and at a bad frame (then `offset` is short of `size`). */
  next(): Buffer | undefined {
    const payload = this.#frameAt(this.offset);
    if (payload !== undefined) this.offset += FRAME_HEADER_BYTES + payload.length;
    return payload;
  }

  /** After a bad frame: is there a good one anywhere behind it? */
  goodFrameBehind(): boolean {
    const mark = Buffer.alloc(4);
    mark.writeUInt32LE(MARK);
    for (let at = this.offset + 1; at < this.size;) {
      const found = this.#view(at, BLOCK_BYTES).indexOf(mark);
      if (found >= 0 && this.#frameAt(at + found) !== undefined) return true;
      at += found >= 0 ? found + 1 : Math.max(1, BLOCK_BYTES - mark.length);
    }
    return false;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #frameAt(offset: number): Buffer | undefined {
    if (this.header === undefined) return undefined;
    const seed = seedOf(this.header.salt, offset);
    const head = this.#view(offset, FRAME_HEADER_BYTES);
    if (head.length < FRAME_HEADER_BYTES || head.readUInt32LE(0) !== MARK) return undefined;
    if (head.readUInt32LE(12) !== crc32(head.subarray(0, 12), seed)) return undefined;
    const length = head.readUInt32LE(4);
    const checksum = head.readUInt32LE(8);
    const payload = this.#view(offset + FRAME_HEADER_BYTES, length);
    return payload.length === length && crc32(payload, seed) === checksum ? payload : undefined;
  }

  /** `length` bytes at `offset`, fewer at the end of the file. */
  #view(offset: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    const inBlock = offset - this.#blockAt;
    if (inBlock < 0 || inBlock + wanted > this.#block.length) {
      if (this.#memory.length < wanted) this.#memory = Buffer.allocUnsafeSlow(wanted);
      const block = this.#memory.subarray(0, Math.min(this.#memory.length, Math.max(0, this.size - offset)));
      let read = 0;
      while (read < block.length) {
        const n = readSync(this.#fd, block, read, block.length - read, offset + read);
        if (n === 0) break;
        read += n;
      }
      this.#block = block.subarray(0, read);
      this.#blockAt = offset;
    }
    return this.#block.subarray(offset - this.#blockAt, offset - this.#blockAt + wanted);
  }
}
