/**
 * The client's side of SPDY/3.1 as far as streams into containers need it: opens streams, sends and receives data, ends one direction
 * of one stream.
 *
 * Header blocks are zlib streams; ours consist of stored blocks, which every inflater reads and which need no dictionary. The
 * server's headers say nothing that is needed and are not read. Neither side of Kubernetes keeps SPDY's flow control: TCP's is enough.
 *
 * @source SPDY Protocol draft 3.1; k8s.io/apimachinery pkg/util/httpstream/spdy
 */
import type { Duplex } from "node:stream";

const CONTROL = 0x8000;
const VERSION = 3;
const SYN_STREAM = 1;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const FLAG_FIN = 1;
const HEADER_BYTES = 8;
const MAX_DATA = 32 * 1024;
/** An empty stored block: without it the reader would wait for more before it hands out what it has. */
const FLUSH = Buffer.from([0, 0, 0, 0xff, 0xff]);

export interface SpdyStream {
  readonly id: number;
  /** False: wait for `drain` of the connection. */
  write(data: Uint8Array): boolean;
  /** No more data from us. */
  end(): void;
  onData: (data: Buffer) => void;
  /** No more data from the server. */
  onEnd: () => void;
}

export class SpdyClient {
  readonly #socket: Duplex;
  readonly #streams = new Map<number, SpdyStream>();
  #pending: Buffer = Buffer.alloc(0);
  #nextId = 1;
  #headersBegun = false;
  /** The connection is over; called once. */
  onClose: (error?: Error) => void = () => {};

  constructor(socket: Duplex, received: Uint8Array) {
    this.#socket = socket;
    let error: Error | undefined;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (cause) => (error = cause));
    socket.on("end", () => socket.end());
    socket.on("close", () => this.onClose(error));
    if (received.length > 0) this.#receive(Buffer.from(received));
  }

  get socket(): Duplex {
    return this.#socket;
  }

  open(headers: Readonly<Record<string, string>>): SpdyStream {
    const id = this.#nextId;
    this.#nextId += 2;
    const block = this.#headerBlock(headers);
    const payload = Buffer.concat([Buffer.alloc(10), block]);
    payload.writeUInt32BE(id, 0);
    this.#control(SYN_STREAM, payload);
    const stream: SpdyStream = {
      id,
      write: (data) => this.#data(id, data, 0),
      end: () => void this.#data(id, Buffer.alloc(0), FLAG_FIN),
      onData: () => {},
      onEnd: () => {},
    };
    this.#streams.set(id, stream);
    return stream;
  }

  close(): void {
    const payload = Buffer.alloc(8);
    this.#control(GOAWAY, payload);
    this.#socket.end();
  }

  #control(type: number, payload: Buffer, flags = 0): void {
    const head = Buffer.alloc(HEADER_BYTES);
    head.writeUInt16BE(CONTROL | VERSION, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
    this.#socket.write(Buffer.concat([head, payload]));
  }

  #data(id: number, data: Uint8Array, flags: number): boolean {
    let free = true;
    for (let at = 0; at === 0 || at < data.length; at += MAX_DATA) {
      const part = data.subarray(at, at + MAX_DATA);
      const head = Buffer.alloc(HEADER_BYTES);
      head.writeUInt32BE(id, 0);
      head.writeUInt32BE(((flags << 24) | part.length) >>> 0, 4);
      free = this.#socket.write(part.length > 0 ? Buffer.concat([head, part]) : head);
    }
    return free;
  }

  /** Count, then length and text of each name and value; as a zlib stream that goes on from frame to frame. */
  #headerBlock(headers: Readonly<Record<string, string>>): Buffer {
    const number = (value: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    };
    const text = (value: string) => [number(Buffer.byteLength(value)), Buffer.from(value)];
    const pairs = Object.entries(headers).flatMap(([name, value]) => [...text(name.toLowerCase()), ...text(value)]);
    const plain = Buffer.concat([number(Object.keys(headers).length), ...pairs]);
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(plain.length, 1);
    stored.writeUInt16LE(~plain.length & 0xffff, 3);
    const begin = this.#headersBegun ? [] : [Buffer.from([0x78, 0x01])];
    this.#headersBegun = true;
    return Buffer.concat([...begin, stored, plain, FLUSH]);
  }

  #receive(chunk: Buffer): void {
    let bytes = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    while (bytes.length >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(4) & 0xff_ffff;
      if (bytes.length < HEADER_BYTES + length) break;
      this.#frame(bytes, bytes.subarray(HEADER_BYTES, HEADER_BYTES + length));
      bytes = bytes.subarray(HEADER_BYTES + length);
    }
    this.#pending = bytes;
  }

  #frame(head: Buffer, payload: Buffer): void {
    const first = head.readUInt32BE(0);
    const fin = (head[4]! & FLAG_FIN) !== 0;
    if (first < 0x8000_0000) {
      const stream = this.#streams.get(first);
      if (payload.length > 0) stream?.onData(payload);
      if (fin) this.#ended(first);
      return;
    }
    const type = first & 0xffff;
    if (type === PING && (payload.readUInt32BE(0) & 1) === 0) this.#control(PING, payload);
    else if (type === RST_STREAM || (fin && payload.length >= 4)) this.#ended(payload.readUInt32BE(0) & 0x7fff_ffff);
  }

  #ended(id: number): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    stream?.onEnd();
  }
}
