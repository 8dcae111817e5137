/**
 * Protobuf's wire format: a writer into one growing buffer, and a reader over bytes.
 *
 * Messages are written backwards, from their last field to their first: a nested message's length is then known when its header is
 * written, and nothing is measured or copied twice.
 *
 * @source https://protobuf.dev/programming-guides/encoding/
 */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

/** The buffer of a finished writer, for the next one. */
let spare: Buffer | undefined;
const KEPT_BYTES = 1 << 20;

export class BackwardWriter {
  private buffer: Buffer;
  /** The first byte written; everything from here to the end of the buffer is the message. */
  private start: number;

  constructor() {
    this.buffer = spare ?? Buffer.allocUnsafeSlow(16 << 10);
    spare = undefined;
    this.start = this.buffer.length;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.buffer.length - this.start;
  }

  private room(n: number): void {
    if (this.start >= n) return;
    const used = this.length;
    const next = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, used + n + 1024));
    this.buffer.copy(next, next.length - used, this.start);
    this.start = next.length - used;
    this.buffer = next;
  }

  byte(value: number): void {
    this.room(1);
    this.buffer[--this.start] = value;
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.start -= bytes.length;
    this.buffer.set(bytes, this.start);
  }

  text(value: string): void {
    const n = Buffer.byteLength(value);
    this.room(n);
    this.start -= n;
    this.buffer.write(value, this.start, n, "utf8");
  }

  /** Any integer; negative ones in ten bytes (two's complement of 64 bits). */
  varint(value: number): void {
    if (value < 0 || value > Number.MAX_SAFE_INTEGER) return this.bigVarint(BigInt.asUintN(64, BigInt(value)));
    let n = 1;
    for (let v = value; v >= 0x80; v = Math.floor(v / 128)) n++;
    this.room(n);
    this.start -= n;
    let v = value;
    for (let i = 0; i < n; i++) {
      this.buffer[this.start + i] = (v % 128) | (i < n - 1 ? 0x80 : 0);
      v = Math.floor(v / 128);
    }
  }

  private bigVarint(value: bigint): void {
    const bytes: number[] = [];
    for (let v = value; ; v >>= 7n) {
      const low = Number(v & 0x7fn);
      if (v < 0x80n) {
        bytes.push(low);
        break;
      }
      bytes.push(low | 0x80);
    }
    this.raw(Uint8Array.from(bytes));
  }

  bigInt(value: bigint): void {
    this.bigVarint(BigInt.asUintN(64, value));
  }

  double(value: number): void {
    this.room(8);
    this.start -= 8;
    this.buffer.writeDoubleLE(value, this.start);
  }

  tag(num: number, wire: number): void {
    this.varint(num * 8 + wire);
  }

  /** Makes what was written since `mark` (a former `length`) the length-delimited field `num`. */
  delimit(num: number, mark: number): void {
    this.varint(this.length - mark);
    this.tag(num, BYTES);
  }

  /** The message; the writer is done for. */
  finish(): Buffer {
    const message = Buffer.from(this.buffer.subarray(this.start));
    if (this.buffer.length <= KEPT_BYTES) spare = this.buffer;
    this.buffer = Buffer.alloc(0);
    this.start = 0;
    return message;
  }
}

/** The bytes are no message of the expected form; the messages are Go's. */
export class WireError extends Error {
  override readonly name = "WireError";
}

export class Reader {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  private take(n: number): number {
    const from = this.at;
    if (n < 0 || from + n > this.end) throw new WireError("unexpected EOF");
    this.at += n;
    return from;
  }

  /** Up to 2^53 exactly as a number; what has 64 bits comes as its signed value, rounded. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 8; i++) {
      const b = this.bytes[this.take(1)]!;
      value += (b & 0x7f) * factor;
      if (b < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : Number(BigInt.asIntN(64, BigInt(value)));
      factor *= 128;
    }
    this.at -= 8;
    return Number(this.bigVarint());
  }

  bigVarint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const b = this.bytes[this.take(1)]!;
      value |= BigInt(b & 0x7f) << shift;
      if (b < 0x80) return BigInt.asIntN(64, value);
    }
    throw new WireError("proto: integer overflow");
  }

  double(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  private length(): number {
    return this.varint();
  }

  text(): string {
    const n = this.length();
    const from = this.take(n);
    return this.bytes.toString("utf8", from, from + n);
  }

  slice(): Buffer {
    const n = this.length();
    const from = this.take(n);
    return this.bytes.subarray(from, from + n);
  }

  message(): Reader {
    const n = this.length();
    const from = this.take(n);
    return new Reader(this.bytes, from, from + n);
  }

  skip(wire: number): void {
    if (wire === VARINT) this.varint();
    else if (wire === FIXED64) this.take(8);
    else if (wire === BYTES) this.take(this.length());
    else if (wire === FIXED32) this.take(4);
    else throw new WireError(`proto: illegal wireType ${wire}`);
  }
}
