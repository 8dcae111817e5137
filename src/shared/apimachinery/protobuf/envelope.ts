/**
 * What surrounds a message on the wire: `k8s\0` and a runtime.Unknown that names its type; lists put together of encoded items; frames
 * of a watch.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/runtime/serializer/protobuf/protobuf.go v1.36
 */
import { BackwardWriter, BYTES, Reader, WireError } from "./wire.ts";
import { DecodeError } from "../decode.ts";

const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
/** The magic as Go prints a byte slice. */
export const PROTOBUF_MAGIC_TEXT = "[107 56 115 0]";

export const hasMagic = (bytes: Uint8Array): boolean => bytes.length >= 4 && MAGIC.every((b, i) => bytes[i] === b);

export interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

/** `k8s\0` and the Unknown around a message. */
export function encodeEnvelope(type: { apiVersion: string; kind: string }, message: Uint8Array): Buffer {
  return Buffer.concat([...envelopeAround(type, message.length), message, ENVELOPE_END]);
}

/** contentEncoding and contentType, both empty and both written. */
const ENVELOPE_END = Buffer.from([0x1a, 0x00, 0x22, 0x00]);

/** What stands before a message of this length. */
function envelopeAround(type: { apiVersion: string; kind: string }, length: number): Buffer[] {
  const w = new BackwardWriter();
  w.varint(length);
  w.tag(2, BYTES);
  const mark = w.length;
  writeText(w, 2, type.kind);
  writeText(w, 1, type.apiVersion);
  w.delimit(1, mark);
  return [MAGIC, w.finish()];
}

function writeText(w: BackwardWriter, num: number, text: string): void {
  const mark = w.length;
  w.text(text);
  w.delimit(num, mark);
}

/** Throws `DecodeError` where the bytes are no envelope. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const out: Envelope = { apiVersion: "", kind: "", raw: new Uint8Array() };
  if (!hasMagic(bytes))
    throw new DecodeError(`provided data does not appear to be a protobuf message, expected prefix ${PROTOBUF_MAGIC_TEXT}`);
  try {
    const r = new Reader(bytes, 4);
    while (!r.done) {
      const tag = r.varint();
      if (tag === 10) readType(r.message(), out);
      else if (tag === 18) out.raw = r.slice();
      else r.skip(tag % 8);
    }
  } catch (cause) {
    if (cause instanceof WireError) throw new DecodeError(cause.message, { cause });
    throw cause;
  }
  return out;
}

function readType(r: Reader, out: Envelope): void {
  while (!r.done) {
    const tag = r.varint();
    if (tag === 10) out.apiVersion = r.text();
    else if (tag === 18) out.kind = r.text();
    else r.skip(tag % 8);
  }
}

/**
 * The pieces of a list in its envelope, to be written one after the other: `meta` is the encoded ListMeta, `items` the encoded messages
 * of the items (which may be cached).
 */
export function encodeListPieces(
  type: { apiVersion: string; kind: string },
  meta: Uint8Array,
  items: readonly Uint8Array[],
): Uint8Array[] {
  const pieces: Uint8Array[] = [header(1, meta.length), meta];
  for (const item of items) pieces.push(header(2, item.length), item);
  const length = pieces.reduce((n, p) => n + p.length, 0);
  return [...envelopeAround(type, length), ...pieces, ENVELOPE_END];
}

function header(num: number, length: number): Buffer {
  const bytes = [num * 8 + BYTES];
  for (let v = length; ; v >>>= 7) {
    if (v < 0x80) {
      bytes.push(v);
      return Buffer.from(bytes);
    }
    bytes.push((v & 0x7f) | 0x80);
  }
}

/** One frame of a watch: four bytes of length, and a WatchEvent (without envelope) whose object is `object`, an enveloped message. */
export function encodeWatchFrame(type: string, object: Uint8Array): Buffer {
  const rawHeader = header(1, object.length);
  const inner = header(2, rawHeader.length + object.length);
  const event = Buffer.concat([header(1, Buffer.byteLength(type)), Buffer.from(type)]);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(event.length + inner.length + rawHeader.length + object.length);
  return Buffer.concat([length, event, inner, rawHeader, object]);
}

/** Reads the content of one frame (its length taken off). */
export function decodeWatchFrame(bytes: Uint8Array): { type: string; object: Envelope } {
  const r = new Reader(bytes);
  let type = "";
  let raw: Uint8Array = new Uint8Array();
  while (!r.done) {
    const tag = r.varint();
    if (tag === 10) type = r.text();
    else if (tag === 18) {
      const inner = r.message();
      while (!inner.done) {
        const t = inner.varint();
        if (t === 10) raw = inner.slice();
        else inner.skip(t % 8);
      }
    } else r.skip(tag % 8);
  }
  return { type, object: decodeEnvelope(raw) };
}
