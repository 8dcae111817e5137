/** One HTTP/1.1 request to the chain and back. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { failure } from "../chain/failure.ts";
import type { Answer, Handler, Incoming } from "../chain/types.ts";
import { encode } from "../negotiation/encode.ts";
import { addAuditId } from "./audit-id.ts";
import { readBody } from "./body.ts";
import { connectionOf } from "./connection.ts";
import { writeChunks, writeStream, writeWatch } from "./write.ts";

export function serveHttp1(request: IncomingMessage, response: ServerResponse, handler: Handler): void {
  response.sendDate = false;
  response.on("error", () => {}); // the client went away
  const answer = handler(incomingOf(request, response));
  if (answer instanceof Promise)
    answer.then((a) => respond(response, a)).catch((error: unknown) => respond(response, failure(error)));
  else respond(response, answer);
}

/** Also of a request that wants to be upgraded. */
export function incomingOf(request: IncomingMessage, response: { once(event: "close", fn: () => void): unknown }): Incoming {
  const target = request.url ?? "/";
  const question = target.indexOf("?");
  let abort: AbortController | undefined;
  const connection = connectionOf(request.socket as TLSSocket);
  return {
    method: request.method ?? "GET",
    path: question < 0 ? target : target.slice(0, question),
    query: new URLSearchParams(question < 0 ? "" : target.slice(question + 1)),
    headers: request.headers as Record<string, string | undefined>,
    body: (limit) => readBody(request, limit),
    certificate: connection.certificate,
    remoteAddress: connection.remoteAddress,
    connection,
    get signal() {
      if (!abort) {
        const made = (abort = new AbortController());
        response.once("close", () => made.abort());
      }
      return abort.signal;
    },
  };
}

function respond(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
  const encoded = encode(answer);
  addAuditId(encoded.headers, response.req.headers);
  response.writeHead(encoded.code, encoded.headers);
  if (encoded.watch) {
    response.flushHeaders();
    writeWatch(response, encoded.watch);
  } else if (encoded.stream) {
    response.flushHeaders();
    writeStream(response, encoded.stream);
  } else if (encoded.chunks) writeChunks(response, encoded.chunks);
  else response.end(encoded.body);
}
