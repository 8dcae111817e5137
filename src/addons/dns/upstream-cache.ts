/**
 * Answers of upstream servers, kept as the bytes they came in: a hit costs a copy, with the question's spelling, the id and
 * the times to live put in.
 */
import type { Clock } from "../../shared/lib/platform.ts";
import { rcodes, readName, types, type Query } from "./message.ts";

/** Seconds that an answer is kept at most, whatever it says. */
const LONGEST_S = 30;
const SIZE = 10_000;

interface Entry {
  message: Buffer;
  /** Where times to live stand. */
  ttls: readonly number[];
  storedAt: number;
  expiresAt: number;
}

export class UpstreamCache {
  readonly #clock: Clock;
  /** In order of storing; the oldest goes first. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(query: Query, queryMessage: Buffer): Buffer | undefined {
    const key = cacheKey(query);
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const now = this.#clock.monotonic();
    if (now >= entry.expiresAt) {
      this.#entries.delete(key);
      return undefined;
    }
    const message = readdress(entry.message, query, queryMessage);
    const age = Math.floor((now - entry.storedAt) / 1000);
    for (const at of entry.ttls) message.writeUInt32BE(Math.max(0, message.readUInt32BE(at) - age), at);
    return message;
  }

  put(query: Query, message: Buffer): void {
    const found = lifetime(message, query.questionEnd);
    if (!found || found.seconds <= 0) return;
    const now = this.#clock.monotonic();
    const key = cacheKey(query);
    this.#entries.delete(key);
    if (this.#entries.size >= SIZE) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, {
      message,
      ttls: found.ttls,
      storedAt: now,
      expiresAt: now + Math.min(found.seconds, LONGEST_S) * 1000,
    });
  }
}

/** An answer to one query, made the answer to another that asks the same. */
export function readdress(message: Buffer, query: Query, queryMessage: Buffer): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(query.id, 0);
  queryMessage.copy(copy, 12, 12, query.questionEnd);
  return copy;
}

export function cacheKey({ name, type, class: class_, edns, checkingDisabled }: Query): string {
  return `${name} ${type} ${class_} ${edns ? (edns.dnssecOk ? 2 : 1) : 0} ${checkingDisabled}`;
}

/** The least time to live, and where all of them stand. Undefined for what is not to be kept: truncated, failed or malformed. */
function lifetime(message: Buffer, questionEnd: number): { seconds: number; ttls: number[] } | undefined {
  const rcode = message[3]! & 15;
  if (message[2]! & 0x02 || (rcode !== rcodes.NOERROR && rcode !== rcodes.NXDOMAIN)) return undefined;
  const [answers, authorities, additionals] = [6, 8, 10].map((at) => message.readUInt16BE(at)) as [number, number, number];
  const ttls: number[] = [];
  let seconds = Infinity;
  let hasSoa = false;
  let at = questionEnd;
  for (let i = 0; i < answers + authorities + additionals; i++) {
    const name = readName(message, at);
    if (!name || name.end + 10 > message.length) return undefined;
    const type = message.readUInt16BE(name.end);
    const end = name.end + 10 + message.readUInt16BE(name.end + 8);
    if (end > message.length) return undefined;
    if (type !== types.OPT) {
      ttls.push(name.end + 4);
      seconds = Math.min(seconds, message.readUInt32BE(name.end + 4));
    }
    if (type === types.SOA && answers === 0) {
      hasSoa = true;
      seconds = Math.min(seconds, message.readUInt32BE(end - 4));
    }
    at = end;
  }
  // A "no" without an SOA record says nothing about how long it holds.
  return answers > 0 || hasSoa ? { seconds, ttls } : undefined;
}
