/** The upgrade of a connection to a kubelet: the request, and what comes back until the protocol is another one. */
import type { IncomingHttpHeaders } from "node:http";
import type { TLSSocket } from "node:tls";
import { apiError, internalError } from "../../../shared/apimachinery/errors.ts";

const MAX_HEAD = 64 * 1024;

export interface UpgradeRequest {
  method: string;
  path: string;
  host: string;
  headers: readonly (readonly [string, string])[];
}

export function requestHead({ method, path, host, headers }: UpgradeRequest): string {
  return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** Sends the request; resolves after `101 Switching Protocols` with the bytes that came behind it, rejects with another answer's text. */
export async function upgradeKubelet(
  socket: TLSSocket,
  request: UpgradeRequest,
): Promise<{ headers: IncomingHttpHeaders; rest: Buffer }> {
  socket.write(requestHead(request));
  const { code, headers, rest } = await responseHead(socket);
  if (code === 101) return { headers, rest };
  const body = await readRest(socket, rest, Number(headers["content-length"] ?? Infinity));
  throw apiError(
    code,
    code === 404 ? "NotFound" : code === 400 ? "BadRequest" : "",
    body.trim() || `unable to upgrade connection: ${code}`,
  );
}

function responseHead(socket: TLSSocket): Promise<{ code: number; headers: IncomingHttpHeaders; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const done = (error?: Error) => {
      socket.off("data", onData);
      socket.off("end", onEnd);
      socket.off("error", onEnd);
      if (error) reject(error);
    };
    const onEnd = () => done(internalError("the kubelet closed the connection"));
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0 && bytes.length > MAX_HEAD) return done(internalError("the kubelet's answer is no HTTP"));
      if (end < 0) return;
      socket.pause();
      done();
      const [status = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
      const headers: IncomingHttpHeaders = {};
      for (const line of lines) {
        const colon = line.indexOf(":");
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      resolve({ code: Number(status.split(" ")[1]), headers, rest: bytes.subarray(end + 4) });
    };
    socket.on("data", onData);
    socket.once("end", onEnd);
    socket.once("error", onEnd);
  });
}

async function readRest(socket: TLSSocket, begun: Buffer, length: number): Promise<string> {
  const chunks = [begun];
  let size = begun.length;
  if (size < length) {
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size >= length) break;
    }
  }
  socket.destroy();
  return Buffer.concat(chunks).toString();
}
