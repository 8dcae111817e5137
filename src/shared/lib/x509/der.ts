/**
 * The few pieces of DER that certificates and signing requests are made of: an encoder and a cursor over encoded values.
 *
 * A fresh control plane issues a dozen certificates before its first answer, so this stays on node:crypto and costs microseconds;
 * loading a general X.509 library costs more than all the certificates together.
 *
 * @source ITU-T X.690; RFC 5280
 */
const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tag `[n]`: constructed where it wraps other values. */
export const context = (n: number, form: "constructed" | "primitive" = "constructed") =>
  (form === "constructed" ? 0xa0 : 0x80) | n;

export function encode(tag: number, ...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, p) => sum + p.length, 0);
  return Buffer.concat([Buffer.from([tag]), encodeLength(length), ...parts]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...parts: Uint8Array[]) => encode(Tag.sequence, ...parts);
export const set = (...parts: Uint8Array[]) => encode(Tag.set, ...parts);
export const octets = (bytes: Uint8Array) => encode(Tag.octetString, bytes);
export const bits = (bytes: Uint8Array, unused = 0) => encode(Tag.bitString, Buffer.from([unused]), bytes);
export const utf8 = (text: string) => encode(Tag.utf8String, Buffer.from(text, "utf8"));
export const boolean = (value: boolean) => encode(Tag.boolean, Buffer.from([value ? 0xff : 0]));
export const nothing = () => encode(Tag.null);

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const magnitude = bytes.subarray(start);
  return encode(Tag.integer, ...(magnitude[0]! & 0x80 ? [Buffer.from([0]), magnitude] : [magnitude]));
}

/** `1.2.840.10045.4.3.2` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128)) groups.unshift((high & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return encode(Tag.oid, Buffer.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime from 2050 on, as RFC 5280 wants it. */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14);
  return digits < "2050"
    ? encode(Tag.utcTime, Buffer.from(`${digits.slice(2)}Z`))
    : encode(Tag.generalizedTime, Buffer.from(`${digits}Z`));
}

export interface Element {
  tag: number;
  /** The content, without tag and length. */
  content: Buffer;
  /** The whole encoding. */
  raw: Buffer;
}

/** Reads the values of `bytes` one after the other. Throws where the encoding is broken. */
function* elements(bytes: Buffer): Generator<Element> {
  let at = 0;
  while (at < bytes.length) {
    const element = readAt(bytes, at);
    at += element.raw.length;
    yield element;
  }
}

function readAt(bytes: Buffer, at: number): Element {
  const first = bytes[at + 1];
  if (first === undefined) throw new Error("DER: value is cut short");
  let start = at + 2;
  let length = first;
  if (first & 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || start + count > bytes.length) throw new Error("DER: bad length");
    length = bytes.readUIntBE(start, count);
    start += count;
  }
  if (start + length > bytes.length) throw new Error("DER: value is cut short");
  return { tag: bytes[at]!, content: bytes.subarray(start, start + length), raw: bytes.subarray(at, start + length) };
}

/** All values inside one constructed value. */
export const children = (content: Buffer): Element[] => [...elements(content)];

export function readOid(content: Buffer): string {
  const arcs = [Math.min(2, Math.floor(content[0]! / 40))];
  arcs.push(content[0]! - arcs[0]! * 40);
  let arc = 0;
  for (const byte of content.subarray(1)) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  return arcs.join(".");
}
