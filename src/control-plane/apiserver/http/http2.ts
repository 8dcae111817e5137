/**
 * One HTTP/2 stream to the chain and back, on the core stream API: no request and response objects, few headers, no date.
 */
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import { failure } from "../chain/failure.ts";
import type { Answer, Handler, Incoming } from "../chain/types.ts";
import { encode, type Encoded } from "../negotiation/encode.ts";
import { addAuditId } from "./audit-id.ts";
import { readBody } from "./body.ts";
import { connectionOf, type Connection } from "./connection.ts";
import { writeChunks, writeStream, writeWatch } from "./write.ts";

const noQuery = new URLSearchParams();

export function serveHttp2(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, handler: Handler): void {
  stream.on("error", ignore); // the client went away; `close` follows and stops whatever still runs
  const answer = handler(new Http2Request(stream, headers));
  if (answer instanceof Promise)
    answer.then((a) => respond(stream, headers, a)).catch((error: unknown) => respond(stream, headers, failure(error)));
  else respond(stream, headers, answer);
}

class Http2Request implements Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly #stream: ServerHttp2Stream;
  readonly connection: Connection;
  #abort: AbortController | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    const target = headers[":path"]!;
    const question = target.indexOf("?");
    this.#stream = stream;
    this.method = headers[":method"]!;
    this.path = question < 0 ? target : target.slice(0, question);
    this.query = question < 0 ? noQuery : new URLSearchParams(target.slice(question + 1));
    this.headers = headers as Record<string, string | undefined>;
    this.connection = connectionOfSession(stream.session!);
  }

  get certificate() {
    return this.connection.certificate;
  }

  get remoteAddress() {
    return this.connection.remoteAddress;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = (this.#abort = new AbortController());
      this.#stream.once("close", () => abort.abort());
    }
    return this.#abort.signal;
  }

  body(limit: number): Promise<Uint8Array> {
    return readBody(this.#stream, limit, Number(this.headers["content-length"] ?? Number.NaN));
  }
}

const sessions = new WeakMap<Http2Session, Connection>();

function connectionOfSession(session: Http2Session): Connection {
  let connection = sessions.get(session);
  // What a session shows as its socket forbids some calls; the ones made here it allows.
  if (!connection) sessions.set(session, (connection = connectionOf(session.socket as TLSSocket)));
  return connection;
}

function respond(stream: ServerHttp2Stream, asked: IncomingHttpHeaders, answer: Answer): void {
  if (stream.destroyed || stream.closed) return;
  const encoded = encode(answer);
  const headers: Encoded["headers"] & { ":status"?: number } = encoded.headers;
  headers[":status"] = encoded.code;
  addAuditId(headers, asked);
  stream.respond(headers);
  if (encoded.watch) writeWatch(stream, encoded.watch);
  else if (encoded.stream) writeStream(stream, encoded.stream);
  else if (encoded.chunks) writeChunks(stream, encoded.chunks);
  else stream.end(encoded.body);
  // What nobody reads would keep the stream open. Not before the answer is out: a stream that has ended both ways is destroyed at once.
  if (!stream.endAfterHeaders) stream.once("finish", resume);
}

function ignore(): void {}

function resume(this: ServerHttp2Stream): void {
  this.resume();
}
