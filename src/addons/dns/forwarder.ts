/**
 * Asks the host's resolvers what the cluster does not know itself: one after the other, over UDP, and over TCP for a client
 * that came by TCP and whose answer does not fit otherwise (some resolvers have no TCP at all).
 */
import { createSocket } from "node:dgram";
import { createConnection, isIPv6 } from "node:net";
import type { Platform } from "../../shared/lib/platform.ts";
import { parseQuery, type Query } from "./message.ts";
import { cacheKey, readdress, UpstreamCache } from "./upstream-cache.ts";

/** How long one server may take. */
const TIMEOUT_MS = 2_000;

/** `10.0.0.1` or `10.0.0.1:5353` or `[fd00::1]:53`. */
export interface Upstream {
  address: string;
  port: number;
}

export type Over = "udp" | "tcp";

export class Forwarder {
  readonly #platform: Platform;
  readonly #cache: UpstreamCache;
  readonly #inFlight = new Map<string, Promise<Buffer>>();
  #upstreams: readonly Upstream[];

  constructor(upstreams: readonly string[], platform: Platform) {
    this.#upstreams = upstreams.map(parseUpstream);
    this.#platform = platform;
    this.#cache = new UpstreamCache(platform.clock);
  }

  setUpstreams(upstreams: readonly string[]): void {
    this.#upstreams = upstreams.map(parseUpstream);
  }

  /** The upstream's answer, ready to be sent. Throws when no server answers. */
  async resolve(query: Query, message: Buffer, over: Over): Promise<Buffer> {
    const cached = this.#cache.get(query, message);
    if (cached) return cached;
    const key = `${cacheKey(query)} ${over}`;
    let asked = this.#inFlight.get(key);
    if (!asked) {
      asked = this.#ask(query, message, over).finally(() => this.#inFlight.delete(key));
      this.#inFlight.set(key, asked);
    }
    return readdress(await asked, query, message);
  }

  async #ask(query: Query, message: Buffer, over: Over): Promise<Buffer> {
    const failures: Error[] = [];
    for (const upstream of this.#upstreams) {
      // An id of our own: the client's could be guessed by whoever would forge the answer.
      const sent = Buffer.from(message);
      sent.writeUInt16BE(Math.floor(this.#platform.random.next() * 65_536), 0);
      try {
        const short = await this.#udp(upstream, sent, query);
        const answer = over === "tcp" && isTruncated(short) ? await this.#tcp(upstream, sent, query) : short;
        this.#cache.put(query, answer);
        this.#upstreams = [upstream, ...this.#upstreams.filter((other) => other !== upstream)]; // the one that works is asked first
        return answer;
      } catch (error) {
        failures.push(error as Error);
      }
    }
    throw new AggregateError(
      failures,
      failures.length
        ? `no name server answers: ${failures.map(({ message }) => message).join("; ")}`
        : "there is no name server to ask",
    );
  }

  #udp({ address, port }: Upstream, message: Buffer, query: Query): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
      const end = (settle: () => void) => {
        timer.cancel();
        socket.close();
        settle();
      };
      const timer = this.#platform.clock.after(TIMEOUT_MS, () => end(() => reject(new Error(`${address} does not answer`))));
      socket.on("error", (error) => end(() => reject(error)));
      socket.on("message", (answer) => isAnswer(answer, message, query) && end(() => resolve(answer)));
      // Connected: the kernel takes answers from there only, and tells when nobody listens.
      socket.connect(port, address, () => socket.send(message));
    });
  }

  #tcp({ address, port }: Upstream, message: Buffer, query: Query): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host: address, port });
      const end = (settle: () => void) => {
        timer.cancel();
        socket.destroy();
        settle();
      };
      const timer = this.#platform.clock.after(TIMEOUT_MS, () => end(() => reject(new Error(`${address} does not answer`))));
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      socket.on("connect", () => socket.write(Buffer.concat([length, message])));
      let received = Buffer.alloc(0);
      socket.on("data", (chunk) => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        const answer = received.subarray(2, 2 + received.readUInt16BE(0));
        end(() => (isAnswer(answer, message, query) ? resolve(answer) : reject(new Error(`${address} answers something else`))));
      });
      socket.on("error", (error) => end(() => reject(error)));
      socket.on("close", () => end(() => reject(new Error(`${address} closed the connection`))));
    });
  }
}

const isTruncated = (answer: Buffer) => (answer[2]! & 0x02) !== 0;

/** To this very question, with this id. */
function isAnswer(answer: Buffer, sent: Buffer, query: Query): boolean {
  if (answer.length < query.questionEnd || answer.readUInt16BE(0) !== sent.readUInt16BE(0) || !(answer[2]! & 0x80)) return false;
  const asked = Buffer.from(answer.subarray(0, query.questionEnd));
  asked[2]! &= 0x7f;
  asked.fill(0, 6, 12);
  const question = parseQuery(asked);
  return question?.name === query.name && question.type === query.type && question.class === query.class;
}

function parseUpstream(text: string): Upstream {
  const match = /^\[(.+)\](?::(\d+))?$|^([^:]+)(?::(\d+))?$/.exec(text);
  return match ? { address: match[1] ?? match[3]!, port: Number(match[2] ?? match[4] ?? 53) } : { address: text, port: 53 };
}
