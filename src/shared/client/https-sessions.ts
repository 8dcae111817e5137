/**
 * A few HTTP/2 sessions to one server, opened when needed and replaced when they break.
 *
 * One session carries about a hundred streams (the server's own limit); every watch occupies one for its lifetime, so a second
 * session is opened when the first is full. A ping finds out that a silent peer is gone: without it a watch would hang for good.
 */
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import type { SecureClientSessionOptions } from "node:http2";
import type { Clock, Timer } from "../lib/platform.ts";

const PING_EVERY_MS = 15_000;
const PING_ANSWER_MS = 15_000;
const CONNECT_MS = 30_000;
const DEFAULT_STREAMS = 100;
const CONNECTION_WINDOW = 32 * 2 ** 20;
const STREAM_WINDOW = 4 * 2 ** 20;

interface Entry {
  session: ClientHttp2Session;
  streams: number;
  usable: boolean;
  timers: Timer[];
}

export class HttpsSessions {
  readonly #server: string;
  readonly #tls: SecureClientSessionOptions;
  readonly #clock: Clock;
  #entries: Entry[] = [];
  #closed = false;

  constructor(server: string, tls: SecureClientSessionOptions, clock: Clock) {
    this.#server = server;
    this.#tls = tls;
    this.#clock = clock;
  }

  /** Opens a stream; a connection error surfaces on the stream. */
  open(headers: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream {
    if (this.#closed) throw new Error(`connection to ${this.#server} is closed`);
    const entry = this.#entries.find((e) => e.usable && e.streams < streamLimit(e.session)) ?? this.#connect();
    const stream = entry.session.request(headers, { endStream });
    entry.streams++;
    stream.once("close", () => {
      entry.streams--;
      if (!entry.usable && entry.streams === 0) entry.session.close();
    });
    return stream;
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#entries) entry.session.destroy();
  }

  #connect(): Entry {
    const session = connect(this.#server, { ...this.#tls, settings: { initialWindowSize: STREAM_WINDOW, enablePush: false } });
    const entry: Entry = { session, streams: 0, usable: true, timers: [] };
    const connecting = this.#clock.after(CONNECT_MS, () =>
      session.destroy(new Error(`no connection to ${this.#server} within ${CONNECT_MS} ms`)),
    );
    session.once("connect", () => {
      connecting.cancel();
      session.setLocalWindowSize(CONNECTION_WINDOW);
      entry.timers.push(this.#clock.every(PING_EVERY_MS, () => this.#ping(entry), { background: true }));
    });
    // Each open stream reports the error too; here it only has to be heard.
    session.on("error", () => this.#retire(entry));
    session.on("goaway", () => this.#retire(entry));
    session.once("close", () => {
      connecting.cancel();
      this.#retire(entry);
      for (const timer of entry.timers) timer.cancel();
    });
    this.#entries.push(entry);
    return entry;
  }

  /** No new streams; those that run may end. */
  #retire(entry: Entry): void {
    entry.usable = false;
    this.#entries = this.#entries.filter((e) => e !== entry);
  }

  #ping(entry: Entry): void {
    const { session } = entry;
    if (session.destroyed || session.closed) return;
    const late = this.#clock.after(PING_ANSWER_MS, () => session.destroy(new Error(`${this.#server} does not answer`)), {
      background: true,
    });
    entry.timers[1] = late;
    session.ping(() => late.cancel());
  }
}

function streamLimit(session: ClientHttp2Session): number {
  const said = session.connecting ? undefined : session.remoteSettings?.maxConcurrentStreams;
  return Math.min(said ?? DEFAULT_STREAMS, 1000);
}
