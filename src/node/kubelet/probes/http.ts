/**
 * HTTP requests of probes and hooks: to the pod's address, certificates not verified, redirects followed only within the same host.
 *
 * @source pkg/probe/http v1.36
 */
import http from "node:http";
import https from "node:https";
import type { Container, HTTPGetAction } from "../../../shared/api/generated/core-v1.ts";

const MAX_BODY = 10 * 1024;
const MAX_REDIRECTS = 10;
const VERSION = "1.36";

export interface HttpTarget {
  url: URL;
  headers: Record<string, string>;
}

export interface HttpAnswer {
  status: number;
  body: string;
  /** The last answer points to another host, where nobody went. */
  redirectedAway: boolean;
}

export type Caller = "probe" | "lifecycle";

export function httpTarget(action: HTTPGetAction, container: Container, podIP: string, caller: Caller): HttpTarget {
  const { scheme = "HTTP", host = podIP, path = "", httpHeaders = [] } = action;
  const port = resolvePort(action.port, container);
  const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const url = new URL(`${scheme.toLowerCase()}://${authority}${path.startsWith("/") ? path : `/${path}`}`);
  const headers: Record<string, string> = { "user-agent": `kube-${caller}/${VERSION}`, accept: "*/*" };
  for (const { name, value } of httpHeaders) {
    const key = name.toLowerCase();
    // An empty value takes a default away.
    if (value === "" && (key === "user-agent" || key === "accept")) delete headers[key];
    else headers[key] = value;
  }
  return { url, headers };
}

/** A number, or the name of one of the container's ports. */
export function resolvePort(port: number | string, container: Container): number {
  const number = Number(port);
  if (Number.isInteger(number) && number > 0) return number;
  const named = container.ports?.find(({ name }) => name === port);
  if (!named) throw new Error(`couldn't find port: ${JSON.stringify(port)} in container ${container.name}`);
  return named.containerPort;
}

/** Rejects where no answer came; the message is Go's. */
export async function httpRequest(target: HttpTarget, timeoutMs: number): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  let { url } = target;
  for (let hop = 0; ; hop++) {
    const answer = await requestOnce({ ...target, url }, signal);
    const next = answer.status >= 300 && answer.status < 400 && answer.location ? new URL(answer.location, url) : undefined;
    if (!next) return { ...answer, redirectedAway: false };
    if (next.hostname !== url.hostname) return { ...answer, redirectedAway: true };
    if (hop >= MAX_REDIRECTS) throw new Error(`Get ${JSON.stringify(String(next))}: stopped after ${MAX_REDIRECTS} redirects`);
    url = next;
  }
}

function requestOnce(
  { url, headers }: HttpTarget,
  signal: AbortSignal,
): Promise<{ status: number; body: string; location?: string }> {
  const go = (what: string) => new Error(`Get ${JSON.stringify(url.href)}: ${what}`);
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === "https:" ? https : http;
    // A connection of its own each time: a probe also tells whether new connections are taken.
    const sent = request(
      url,
      { headers, signal, agent: false, rejectUnauthorized: false, insecureHTTPParser: true },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const done = () => {
          const { location } = answer.headers;
          resolve({ status: answer.statusCode!, body: Buffer.concat(chunks).toString(), ...(location && { location }) });
        };
        answer.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size <= MAX_BODY) chunks.push(chunk);
          else {
            done();
            answer.destroy();
          }
        });
        answer.on("end", done);
        answer.on("error", (error) => reject(go(error.message)));
      },
    );
    sent.on("error", (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(go("context deadline exceeded (Client.Timeout exceeded while awaiting headers)"));
      else reject(go(dialError(error, `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`)));
    });
    sent.end();
  });
}

const GO_ERRORS: Record<string, string> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "i/o timeout",
};

/** `dial tcp 10.0.0.1:80: connect: connection refused`. */
export function dialError(error: NodeJS.ErrnoException, address: string): string {
  const text = GO_ERRORS[error.code ?? ""];
  if (text) return `dial tcp ${address}: ${text}`;
  return error.code === "ECONNRESET" ? "EOF" : error.message;
}
