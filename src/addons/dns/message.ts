/**
 * DNS messages: queries are read, answers are written with compressed names. Upstream answers pass through as bytes
 * (forward.ts); this is only for what the cluster itself answers.
 *
 * @source RFC 1035 section 4, RFC 6891 (EDNS)
 */

export const types = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const;
export const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;

const HEADER = 12;
/** What a client without EDNS takes over UDP. */
const PLAIN_UDP_SIZE = 512;
/** What we send over UDP at most: passes every usual link unfragmented. */
const OUR_UDP_SIZE = 1232;

export interface Query {
  id: number;
  opcode: number;
  recursionDesired: boolean;
  checkingDisabled: boolean;
  /** Lower case, without the last dot. */
  name: string;
  type: number;
  class: number;
  /** Where the question ends in the message. */
  questionEnd: number;
  edns?: { size: number; version: number; dnssecOk: boolean };
}

/** A name inside record data is a text (written compressed); all else is bytes. */
export interface Rec {
  /** As `Query.name`. */
  name: string;
  type: number;
  /** Seconds. */
  ttl: number;
  data: readonly (Uint8Array | string)[];
}

export interface Answer {
  rcode: number;
  authoritative?: boolean;
  answers?: readonly Rec[];
  authorities?: readonly Rec[];
  additionals?: readonly Rec[];
}

/** Undefined where the message is no readable query with one question. */
export function parseQuery(message: Buffer): Query | undefined {
  if (message.length < HEADER || message.readUInt16BE(4) !== 1) return undefined;
  const flags = message.readUInt16BE(2);
  const question = readName(message, HEADER);
  if (flags & 0x8000 || !question || question.end + 4 > message.length) return undefined;
  // Neither compressed nor with a dot inside a label: then the text stands for the bytes.
  if (question.end - HEADER !== (question.name ? question.name.length + 2 : 1)) return undefined;
  const questionEnd = question.end + 4;
  return {
    id: message.readUInt16BE(0),
    opcode: (flags >> 11) & 15,
    recursionDesired: (flags & 0x0100) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    name: question.name.toLowerCase(),
    type: message.readUInt16BE(question.end),
    class: message.readUInt16BE(question.end + 2),
    questionEnd,
    edns: findEdns(message, questionEnd),
  };
}

/** The message for an answer; over UDP with `limit` bytes, cut to the bare question with the truncation bit where it does not fit. */
export function writeAnswer(query: Query, queryMessage: Buffer, answer: Answer, limit = 65_535): Buffer {
  const full = write(query, queryMessage, answer, 0);
  return full.length <= limit
    ? full
    : write(query, queryMessage, { rcode: answer.rcode, authoritative: answer.authoritative }, 0x0200);
}

/** For what could not be parsed: the header alone. Undefined for what is not even that, or is itself an answer. */
export function writeFormatError(message: Buffer): Buffer | undefined {
  if (message.length < HEADER || message[2]! & 0x80) return undefined;
  const out = Buffer.alloc(HEADER);
  message.copy(out, 0, 0, 3);
  out[2]! |= 0x80;
  out[3] = rcodes.FORMERR;
  return out;
}

/** How many bytes a client takes over UDP. */
export function udpLimit({ edns }: Query): number {
  return edns ? Math.min(Math.max(edns.size, PLAIN_UDP_SIZE), OUR_UDP_SIZE) : PLAIN_UDP_SIZE;
}

/** Reads a name, following compression; `end` is where it ends in place. Undefined where it is malformed. */
export function readName(message: Buffer, start: number): { name: string; end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  for (let jumps = 0; jumps < 64;) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) return { name: labels.join("."), end: end ?? at + 1 };
    if (length >= 0xc0) {
      if (at + 1 >= message.length) return undefined;
      end ??= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      jumps++;
      continue;
    }
    if (length > 63 || at + 1 + length > message.length || labels.length > 127) return undefined;
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return undefined;
}

/** A name as bytes, uncompressed: as data of records that forbid compression (SRV). */
export function nameBytes(name: string): Uint8Array {
  const labels = name === "" ? [] : name.split(".");
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, "latin1")),
    Buffer.alloc(1),
  ]);
}

function findEdns(message: Buffer, questionEnd: number): Query["edns"] {
  let at = questionEnd;
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let i = 0; i < records; i++) {
    const name = readName(message, at);
    if (!name || name.end + 10 > message.length) return undefined;
    const [type, size, high, flags] = [0, 2, 4, 6].map((offset) => message.readUInt16BE(name.end + offset)) as [
      number,
      number,
      number,
      number,
    ];
    if (type === types.OPT) return { size, version: high & 255, dnssecOk: (flags & 0x8000) !== 0 };
    at = name.end + 10 + message.readUInt16BE(name.end + 8);
  }
  return undefined;
}

function write(query: Query, queryMessage: Buffer, answer: Answer, extraFlags: number): Buffer {
  const sections = [answer.answers ?? [], answer.authorities ?? [], answer.additionals ?? []];
  const out = new Writer(queryMessage.subarray(HEADER, query.questionEnd), query.name);
  const flags = 0x8080 | (query.opcode << 11) | (query.recursionDesired ? 0x0100 : 0) | (query.checkingDisabled ? 0x10 : 0);
  out.header(query.id, flags | extraFlags | (answer.authoritative ? 0x0400 : 0) | (answer.rcode & 15), [
    1,
    sections[0]!.length,
    sections[1]!.length,
    sections[2]!.length + (query.edns ? 1 : 0),
  ]);
  for (const record of sections.flat()) out.record(record);
  // OPT: root name, our size as class, the high bits of the code and the flags as time to live, no options.
  if (query.edns)
    out.bytes([
      0,
      0,
      types.OPT,
      OUR_UDP_SIZE >> 8,
      OUR_UDP_SIZE & 255,
      answer.rcode >> 4,
      0,
      query.edns.dnssecOk ? 0x80 : 0,
      0,
      0,
      0,
    ]);
  return out.end();
}

class Writer {
  #buffer = Buffer.allocUnsafe(2048);
  #length = HEADER;
  /** Name → where it stands. Later names end in a pointer to it. */
  readonly #names = new Map<string, number>();

  constructor(question: Buffer, name: string) {
    this.bytes(question);
    this.#remember(name, HEADER);
  }

  header(id: number, flags: number, counts: readonly number[]): void {
    [id, flags, ...counts].forEach((value, i) => this.#buffer.writeUInt16BE(value, 2 * i));
  }

  record({ name, type, ttl, data }: Rec): void {
    this.#name(name);
    this.#room(10);
    this.#buffer.writeUInt16BE(type, this.#length);
    this.#buffer.writeUInt16BE(1, this.#length + 2);
    this.#buffer.writeUInt32BE(ttl, this.#length + 4);
    const start = (this.#length += 10);
    for (const part of data) {
      if (typeof part === "string") this.#name(part);
      else this.bytes(part);
    }
    this.#buffer.writeUInt16BE(this.#length - start, start - 2);
  }

  bytes(bytes: ArrayLike<number>): void {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  end(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #name(name: string): void {
    for (let rest = name; rest !== "";) {
      const known = this.#names.get(rest);
      if (known !== undefined) return this.bytes([0xc0 | (known >> 8), known & 255]);
      const dot = rest.indexOf(".");
      const label = dot < 0 ? rest : rest.slice(0, dot);
      if (this.#length < 0x4000) this.#names.set(rest, this.#length);
      this.#room(label.length + 1);
      this.#buffer[this.#length] = label.length;
      this.#buffer.write(label, this.#length + 1, "latin1");
      this.#length += label.length + 1;
      rest = dot < 0 ? "" : rest.slice(dot + 1);
    }
    this.bytes([0]);
  }

  #remember(name: string, at: number): void {
    for (let rest = name; rest !== "";) {
      this.#names.set(rest, at);
      const dot = rest.indexOf(".");
      at += (dot < 0 ? rest.length : dot) + 1;
      rest = dot < 0 ? "" : rest.slice(dot + 1);
    }
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
