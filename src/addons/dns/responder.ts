/** One DNS message in, one out: the cluster's zone first, the upstream servers for the rest. */
import { decode, type Answer as WireAnswer } from "dns-packet";
import { ipBytes, parseIp } from "../../shared/lib/ip.ts";
import type { Logger } from "../../shared/lib/logger.ts";
import type { Forwarder, Over } from "./forwarder.ts";
import {
  parseQuery,
  rcodes,
  types,
  udpLimit,
  writeAnswer,
  writeFormatError,
  type Answer,
  type Query,
  type Rec,
} from "./message.ts";
import type { Zone, ZoneAnswer } from "./zone.ts";

export interface ResponderOptions {
  zone: Zone;
  forwarder: Forwarder;
  log: Logger;
  /** Whether the caches are complete. */
  ready(): boolean;
}

const INTERNET = 1;
const MOST_ALIASES = 8;

export class Responder {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** At once for what the caches know, so that such a query costs microseconds. */
  answer(message: Buffer, over: Over): Buffer | undefined | Promise<Buffer> {
    const query = parseQuery(message);
    if (!query) return writeFormatError(message);
    const send = (answer: Answer) => writeAnswer(query, message, answer, over === "udp" ? udpLimit(query) : undefined);
    const refusal = refuse(query);
    if (refusal !== undefined) return send({ rcode: refusal });

    const { zone, forwarder, log, ready } = this.#options;
    const own = zone.resolve(query.name, query.type);
    if (own && !ready()) return send({ rcode: rcodes.SERVFAIL });
    if (own) return own.follow ? this.#follow(query, own).then(send) : send(own);
    return forwarder.resolve(query, message, over).catch((err) => {
      log.warn({ err, name: query.name }, "a name could not be resolved");
      return send({ rcode: rcodes.SERVFAIL });
    });
  }

  /** An alias is answered together with what it stands for; where that cannot be found out, alone. */
  async #follow(query: Query, first: ZoneAnswer): Promise<Answer> {
    const answers: Rec[] = [...(first.answers ?? [])];
    let target = first.follow;
    for (let i = 0; target && i < MOST_ALIASES; i++) {
      const own = this.#options.zone.resolve(target, query.type);
      if (!own) return { ...first, answers: [...answers, ...(await this.#ask(target, query))] };
      answers.push(...(own.answers ?? []));
      target = own.follow;
    }
    return { ...first, answers };
  }

  async #ask(name: string, { type }: Query): Promise<Rec[]> {
    const message = questionFor(name, type);
    try {
      const answer = await this.#options.forwarder.resolve(parseQuery(message)!, message, "udp");
      return decode(answer)
        .answers.map(toRecord)
        .filter((record) => record !== undefined);
    } catch (err) {
      this.#options.log.warn({ err, name }, "the target of an external name could not be resolved");
      return [];
    }
  }
}

function refuse(query: Query): number | undefined {
  if (query.opcode !== 0) return rcodes.NOTIMP;
  if (query.edns?.version) return rcodes.BADVERS;
  return query.class === INTERNET ? undefined : rcodes.REFUSED;
}

function questionFor(name: string, type: number): Buffer {
  const labels = name.split(".").map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, "latin1"));
  return Buffer.concat([
    Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, type >> 8, type & 255, 0, INTERNET]),
  ]);
}

/** Aliases and addresses: what a client follows an alias for. */
function toRecord(record: WireAnswer): Rec | undefined {
  const shared = { name: record.name.toLowerCase(), ttl: record.ttl ?? 0 };
  if (record.type === "CNAME") return { ...shared, type: types.CNAME, data: [record.data as string] };
  if (record.type === "A" || record.type === "AAAA")
    return { ...shared, type: types[record.type], data: [ipBytes(parseIp(record.data as string)!)] };
  return undefined;
}
