/**
 * The transport of components that run in a process of their own: JSON over HTTP/2 and TLS.
 *
 * Requests that the server asks to repeat (`Retry-After` on 429 and 5xx) are repeated, as client-go does; reads whose connection broke are
 * repeated once. A write whose connection broke fails: nobody knows whether it was done.
 */
import { constants, type ClientHttp2Stream, type IncomingHttpHeaders, type SecureClientSessionOptions } from "node:http2";
import { ApiError, apiError, isApiError, type Status } from "../apimachinery/errors.ts";
import { realClock, sleep, type Clock } from "../lib/platform.ts";
import { HttpsSessions } from "./https-sessions.ts";
import { readJsonLines } from "./json-lines.ts";
import { exchangeError, isUnreachable, type Outages } from "./outage.ts";
import { queryText } from "./paths.ts";
import type { ApiRequest, ApiResponse, Transport, WatchEvent } from "./types.ts";

export interface HttpsOptions {
  /** `https://host:port`, with a path prefix where the API is behind one. */
  server: string;
  /** PEM. Absent: the system's roots. */
  ca?: string | Uint8Array;
  cert?: string | Uint8Array;
  key?: string | Uint8Array;
  /** Bearer token, or a function that gives the current one. */
  token?: string | (() => string);
  /** Name to verify in the server's certificate, where it is not the host. */
  serverName?: string;
  insecureSkipVerify?: boolean;
  userAgent?: string;
  clock?: Clock;
  requestTimeoutMs?: number;
  /** Is told when the server goes and when it is back. */
  outages?: Outages;
}

const MAX_REPEATS = 10;

export function httpsTransport(options: HttpsOptions): Transport {
  return new HttpsTransport(options);
}

class HttpsTransport implements Transport {
  readonly #options: HttpsOptions;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #sessions: HttpsSessions;

  constructor(options: HttpsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    const url = new URL(options.server);
    this.#prefix = url.pathname.replace(/\/$/, "");
    this.#sessions = new HttpsSessions(url.origin, tlsOptions(options), this.#clock);
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    let broken = 0;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(request);
      } catch (error) {
        if (request.signal?.aborted) throw error;
        const wait = error instanceof AnswerError ? error.retryAfterMs : undefined;
        if (wait !== undefined && attempt < MAX_REPEATS) await sleep(this.#clock, wait, request.signal);
        else if (!isApiError(error) && mayRepeat(request, error) && broken++ < 1) continue;
        else throw this.#told(error);
      }
    }
  }

  /** The error for the caller; that the server is out of reach is said to whoever follows it. */
  #told(error: unknown): unknown {
    const fault = exchangeError(new URL(this.#options.server).origin, error);
    if (isUnreachable(fault)) this.#options.outages?.failed(fault);
    return fault;
  }

  async *watch(request: ApiRequest): AsyncIterable<WatchEvent> {
    const stream = this.#open(request);
    try {
      const headers = await this.#answered(stream);
      const code = Number(headers[":status"]);
      if (code !== 200) throw answerError(code, headers, await readAll(stream));
      for await (const event of readJsonLines<WatchEvent>(stream)) {
        if (event.type === "ERROR") throw new ApiError(event.object as unknown as Status);
        yield event;
      }
    } catch (error) {
      if (!request.signal?.aborted) throw this.#told(error);
    } finally {
      stream.close(constants.NGHTTP2_CANCEL);
    }
  }

  close(): void {
    this.#sessions.close();
  }

  get #timeoutMs(): number {
    return this.#options.requestTimeoutMs ?? 60_000;
  }

  async #answered(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> {
    const headers = await answered(stream, this.#timeoutMs, this.#clock);
    this.#options.outages?.answered();
    return headers;
  }

  async #once(request: ApiRequest): Promise<ApiResponse> {
    const stream = this.#open(request);
    const headers = await this.#answered(stream);
    const text = await readAll(stream);
    const code = Number(headers[":status"]);
    if (code >= 400) throw answerError(code, headers, text);
    return { code, headers: plainHeaders(headers), body: isJson(headers) && text ? JSON.parse(text) : text };
  }

  #open(request: ApiRequest): ClientHttp2Stream {
    request.signal?.throwIfAborted();
    const body =
      request.body === undefined ? undefined : typeof request.body === "string" ? request.body : JSON.stringify(request.body);
    const stream = this.#sessions.open(this.#headers(request, body !== undefined), body === undefined);
    if (request.signal) {
      const { signal } = request;
      const stop = () => stream.destroy(abortError(signal));
      signal.addEventListener("abort", stop, { once: true });
      stream.once("close", () => signal.removeEventListener("abort", stop));
    }
    stream.on("error", ignore);
    if (body !== undefined) stream.end(body);
    return stream;
  }

  #headers(request: ApiRequest, hasBody: boolean): Record<string, string> {
    const { token, userAgent } = this.#options;
    return {
      ":method": request.method,
      ":path": this.#prefix + request.path + queryText(request.query),
      accept: "application/json",
      ...(hasBody && { "content-type": "application/json" }),
      ...(token && { authorization: `Bearer ${typeof token === "string" ? token : token()}` }),
      ...(userAgent && { "user-agent": userAgent }),
      ...request.headers,
    };
  }
}

function tlsOptions(o: HttpsOptions): SecureClientSessionOptions {
  return {
    ...(o.ca && { ca: Buffer.from(o.ca) }),
    ...(o.cert && { cert: Buffer.from(o.cert) }),
    ...(o.key && { key: Buffer.from(o.key) }),
    ...(o.serverName && { servername: o.serverName }),
    ...(o.insecureSkipVerify && { rejectUnauthorized: false }),
  };
}

/** Resolves with the response headers; rejects when the stream ends without, or is silent for `timeoutMs`. */
function answered(stream: ClientHttp2Stream, timeoutMs: number, clock: Clock): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeoutMs, () => stream.destroy(new Error(`no answer within ${timeoutMs} ms`)), {
      background: true,
    });
    stream.once("response", (headers) => (timer.cancel(), resolve(headers)));
    stream.once("error", (error) => (timer.cancel(), reject(error)));
    stream.once("close", () => (timer.cancel(), reject(new Error("connection closed before an answer"))));
  });
}

function readAll(stream: ClientHttp2Stream): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("end", () => resolve(Buffer.concat(chunks).toString()));
    stream.once("error", reject);
    stream.once("close", () => reject(new Error("connection closed within an answer")));
  });
}

/** Failures of a stream or session before the server looked at the request. */
const UNSEEN = ["ERR_HTTP2_GOAWAY_SESSION", "ERR_HTTP2_INVALID_SESSION", "ERR_HTTP2_SESSION_ERROR", "ERR_HTTP2_OUT_OF_STREAMS"];

/** Another attempt cannot do harm: a read, or a stream that the server says it never looked at. Nobody listening is an answer. */
function mayRepeat(request: ApiRequest, error: unknown): boolean {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  if (code === "ECONNREFUSED") return false;
  // Node tells a refused stream from a broken one by this word alone.
  const refused = code === "ERR_HTTP2_STREAM_ERROR" && message.includes("NGHTTP2_REFUSED_STREAM");
  return refused || UNSEEN.includes(code) || request.method === "GET";
}

class AnswerError extends ApiError {
  retryAfterMs: number | undefined;
}

function answerError(code: number, headers: IncomingHttpHeaders, text: string): ApiError {
  const seconds = Number(headers["retry-after"]);
  const error = new AnswerError(statusOf(code, headers, text));
  if ((code === 429 || code >= 500) && headers["retry-after"] && seconds >= 0) error.retryAfterMs = seconds * 1000;
  return error;
}

function statusOf(code: number, headers: IncomingHttpHeaders, text: string): Status {
  if (isJson(headers)) {
    try {
      const body = JSON.parse(text) as Status;
      if (body.kind === "Status") return body;
    } catch (error) {
      return apiError(code, "InternalError", `the server's error is no JSON: ${String(error)}`).status;
    }
  }
  return apiError(code, "", text.trim() || `the server answered with ${code}`).status;
}

const isJson = (headers: IncomingHttpHeaders) => String(headers["content-type"] ?? "").includes("json");

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (!name.startsWith(":") && value !== undefined) plain[name] = String(value);
  return plain;
}

function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("aborted", { cause: signal.reason });
}

function ignore(): void {}
