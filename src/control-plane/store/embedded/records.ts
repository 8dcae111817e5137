/**
 * What the files hold, byte for byte. Little endian; revisions and leases are 64 bits wide.
 *
 * Record = kind (1 byte), then
 *   1 commit       revision, count (4), and per write: type (1: 0 put, 1 put with lease, 2 delete), key length (4), key,
 *                  [lease (8)], [value length (4), value]
 *   2 lease grant  lease, seconds (4)
 *   3 lease end    lease
 *   4 compaction   revision
 *   5 key          createRevision, modRevision, version (4), lease, key length (4), key, value length (4), value   (checkpoints only)
 *   6 end          number of keys (8)                                                                              (checkpoints only)
 */
import type { Write } from "../types.ts";
import { NO_LEASE, type Transaction, Version } from "../engine/version.ts";

const COMMIT = 1;
const LEASE_GRANT = 2;
const LEASE_END = 3;
const COMPACTION = 4;
const KEY = 5;
const END = 6;

const PUT = 0;
const PUT_WITH_LEASE = 1;
const DELETE = 2;

const TWO_32 = 2 ** 32;
/** A buffer that grew beyond this for one large batch is not kept. */
const KEEP_BYTES = 4 << 20;

/** A growing buffer of records, with room for a frame's header in front. */
export class RecordWriter {
  #buffer: Buffer;
  #length: number;
  readonly #headroom: number;

  constructor(headroom: number, size = 64 << 10) {
    this.#buffer = Buffer.allocUnsafeSlow(size);
    this.#headroom = headroom;
    this.#length = headroom;
  }

  get empty(): boolean {
    return this.#length === this.#headroom;
  }

  /** Headroom and records; shared memory, good until the next `reset`. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  reset(): void {
    if (this.#buffer.length > KEEP_BYTES) this.#buffer = Buffer.allocUnsafeSlow(64 << 10);
    this.#length = this.#headroom;
  }

  /** Writes a transaction as its changes, so that what was no change is not stored. */
  commit(transaction: Transaction): void {
    this.#reserve(13);
    this.#byte(COMMIT);
    this.#long(transaction.revision);
    this.#int(transaction.changes.length);
    for (const { type, kv } of transaction.changes) {
      this.#reserve(17 + kv.key.length * 3 + kv.value.length);
      this.#byte(type === "delete" ? DELETE : kv.lease === NO_LEASE ? PUT : PUT_WITH_LEASE);
      this.#text(kv.key);
      if (type === "delete") continue;
      if (kv.lease !== NO_LEASE) this.#lease(kv.lease);
      this.#blob(kv.value);
    }
  }

  leaseGrant(lease: bigint, seconds: number): void {
    this.#reserve(13);
    this.#byte(LEASE_GRANT);
    this.#lease(lease);
    this.#int(seconds);
  }

  leaseEnd(lease: bigint): void {
    this.#reserve(9);
    this.#byte(LEASE_END);
    this.#lease(lease);
  }

  compaction(revision: number): void {
    this.#reserve(9);
    this.#byte(COMPACTION);
    this.#long(revision);
  }

  key(kv: Version): void {
    this.#reserve(37 + kv.key.length * 3 + kv.value.length);
    this.#byte(KEY);
    this.#long(kv.createRevision);
    this.#long(kv.modRevision);
    this.#int(kv.version);
    this.#lease(kv.lease);
    this.#text(kv.key);
    this.#blob(kv.value);
  }

  end(keys: number): void {
    this.#reserve(9);
    this.#byte(END);
    this.#long(keys);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }

  #byte(value: number): void {
    this.#buffer[this.#length++] = value;
  }

  #int(value: number): void {
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  #long(value: number): void {
    this.#int(value % TWO_32);
    this.#int(Math.floor(value / TWO_32));
  }

  #lease(value: bigint): void {
    this.#length = this.#buffer.writeBigUInt64LE(value, this.#length);
  }

  #text(value: string): void {
    const bytes = this.#buffer.write(value, this.#length + 4, "utf8");
    this.#int(bytes);
    this.#length += bytes;
  }

  #blob(value: Uint8Array): void {
    this.#int(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }
}

/** Called with each record of a frame, in order. */
export interface RecordVisitor {
  commit(revision: number, writes: Write[]): void;
  leaseGrant(lease: bigint, seconds: number): void;
  leaseEnd(lease: bigint): void;
  compaction(revision: number): void;
  key(kv: Version): void;
  end(keys: number): void;
}

/** Reads the records of a frame whose checksum was right. Values are copies. */
export function readRecords(payload: Buffer, visitor: RecordVisitor): void {
  let at = 0;
  const int = () => {
    at += 4;
    return payload.readUInt32LE(at - 4);
  };
  const long = () => int() + int() * TWO_32;
  const lease = () => {
    at += 8;
    return payload.readBigUInt64LE(at - 8);
  };
  const blob = () => {
    const length = int();
    at += length;
    return keep(payload, at - length, at);
  };
  const text = () => {
    const length = int();
    at += length;
    return payload.toString("utf8", at - length, at);
  };
  const write = (): Write => {
    const type = payload[at++];
    const key = text();
    if (type === DELETE) return { op: "delete", key };
    if (type === PUT) return { op: "put", key, value: blob() };
    if (type !== PUT_WITH_LEASE) throw new Error(`unknown write type ${type}`);
    const id = lease();
    return { op: "put", key, value: blob(), lease: id };
  };
  const record: Record<number, () => void> = {
    [COMMIT]() {
      const revision = long();
      visitor.commit(revision, Array.from({ length: int() }, write));
    },
    [LEASE_GRANT]: () => visitor.leaseGrant(lease(), int()),
    [LEASE_END]: () => visitor.leaseEnd(lease()),
    [COMPACTION]: () => visitor.compaction(long()),
    [KEY]() {
      const createRevision = long();
      const modRevision = long();
      const version = int();
      const id = lease();
      const key = text();
      visitor.key(new Version(key, blob(), createRevision, modRevision, version, id === 0n ? NO_LEASE : id));
    },
    [END]: () => visitor.end(long()),
  };
  while (at < payload.length) {
    const kind = payload[at++]!;
    const read = record[kind];
    if (read === undefined) throw new Error(`unknown record kind ${kind}`);
    read();
  }
}

const SLAB_BYTES = 32 << 10;
let slab = Buffer.allocUnsafeSlow(0);
let slabUsed = 0;

/** A copy that does not hold on to the block it was read into. Small ones share a slab: an allocation each would cost more than the copy. */
function keep(bytes: Buffer, begin: number, end: number): Uint8Array {
  const length = end - begin;
  if (length > SLAB_BYTES >> 2) return Buffer.copyBytesFrom(bytes, begin, length);
  if (slabUsed + length > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    slabUsed = 0;
  }
  bytes.copy(slab, slabUsed, begin, end);
  slabUsed += length;
  return slab.subarray(slabUsed - length, slabUsed);
}
