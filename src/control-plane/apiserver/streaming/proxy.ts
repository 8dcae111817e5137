/**
 * `proxy` of pods, services and nodes: an HTTP request, or an upgraded connection, to the address behind the name.
 *
 * @source pkg/registry/core/{pod,service,node}, staging/src/k8s.io/apimachinery/pkg/util/proxy v1.36
 */
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { Service } from "../../../shared/api/core/service.ts";
import { EndpointSlice } from "../../../shared/api/discovery/endpoint-slice.ts";
import { badRequest, notFound, serviceUnavailable } from "../../../shared/apimachinery/errors.ts";
import type { ConnectAnswer, ConnectContext, ConnectResource } from "../types.ts";
import { kubeletAddress, type KubeletCredentials } from "./kubelet-connection.ts";
import { podOf } from "./pod-container.ts";
import { joinStreams } from "./pod-streams.ts";
import { rewriteHtml, rewriteUrl } from "./rewrite.ts";
import { requestHead } from "./upgrade.ts";

interface Target {
  scheme: "http" | "https";
  host: string;
  port: number;
  /** Where the backend is a kubelet. */
  credentials?: KubeletCredentials;
}

const MAX_BODY = 256 << 20;
/** Belong to one connection, not to the request. */
const HOP_HEADERS = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "host",
  "authorization",
  "http2-settings",
  // Answers are looked into.
  "accept-encoding",
]);

export const podProxy = (): ConnectResource => proxyTo(podTarget);
export const serviceProxy = (): ConnectResource => proxyTo(serviceTarget);
export const nodeProxy = (credentials: KubeletCredentials): ConnectResource =>
  proxyTo((context) => nodeTarget(context, credentials));

function proxyTo(locate: (context: ConnectContext) => Target): ConnectResource {
  return {
    async request(context) {
      // A base path without its slash would break relative links.
      const target = locate(context);
      if (!context.rest && ["GET", "HEAD"].includes(context.method)) return redirectToSlash(context);
      return forward(context, target);
    },
    async upgrade(context, { request, socket, head }) {
      const target = locate(context);
      const upstream = await dial(target);
      const headers: [string, string][] = [];
      for (let index = 0; index < request.rawHeaders.length; index += 2) {
        const name = request.rawHeaders[index]!;
        if (!/^(host|authorization)$/i.test(name)) headers.push([name, request.rawHeaders[index + 1]!]);
      }
      upstream.write(
        requestHead({ method: request.method!, path: pathOf(context), host: `${target.host}:${target.port}`, headers }),
      );
      if (head.length > 0) upstream.write(head);
      joinStreams(socket, upstream);
    },
  };
}

/** `name`, `name:port`, `scheme:name:port`. */
function splitName(text: string, what: string): { scheme: "http" | "https"; name: string; port: string } {
  const parts = text.split(":");
  const [scheme, name, port] = parts.length === 3 ? parts : ["", ...parts, ""];
  if (parts.length > 3 || !name || !["", "http", "https"].includes(scheme!))
    throw badRequest(`invalid ${what} request ${JSON.stringify(text)}`);
  return { scheme: scheme === "https" ? "https" : "http", name, port: port ?? "" };
}

function podTarget(context: ConnectContext): Target {
  const { scheme, name, port } = splitName(context.name, "pod");
  const pod = podOf({ ...context, name });
  const host = pod.status?.podIP;
  if (!host || !net.isIP(host)) throw badRequest("address not allowed");
  const declared = pod.spec.containers?.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  return { scheme, host, port: Number(port) || declared || (scheme === "https" ? 443 : 80) };
}

function serviceTarget({ server, namespace, name: id }: ConnectContext): Target {
  const { scheme, name, port } = splitName(id, "service");
  const service = server.cache(Service).get(`${namespace}/${name}`);
  if (!service) throw notFound({ group: "", resource: "services" }, name);
  const byNumber = /^\d+$/.test(port) ? service.spec.ports?.find((entry) => entry.port === Number(port)) : undefined;
  if (/^\d+$/.test(port) && !byNumber)
    throw serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const portName = byNumber ? (byNumber.name ?? "") : port;
  const targets: Target[] = [];
  let known = false;
  for (const slice of server.cache(EndpointSlice).list()) {
    if (slice.metadata.namespace !== namespace || slice.metadata.labels?.["kubernetes.io/service-name"] !== name) continue;
    known ||= Boolean(slice.endpoints?.length);
    const number = slice.ports?.find((entry) => (entry.name ?? "") === portName)?.port;
    if (!number) continue;
    for (const { addresses = [], conditions } of slice.endpoints ?? []) {
      if (conditions?.ready !== false && addresses[0]) targets.push({ scheme, host: addresses[0], port: number });
    }
  }
  const chosen = targets[Math.floor((server.now() / 7) % Math.max(targets.length, 1))];
  if (!chosen) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(known ? id : name)}`);
  return chosen;
}

function nodeTarget({ server, name: id }: ConnectContext, credentials: KubeletCredentials): Target {
  const { scheme, name, port } = splitName(id, "node");
  const kubelet = kubeletAddress(server, name);
  if (!port || Number(port) === kubelet.port) return { scheme: "https", ...kubelet, credentials };
  return { scheme, host: kubelet.host, port: Number(port) };
}

function pathOf({ rest, query }: ConnectContext): string {
  return `${rest || "/"}${query.size > 0 ? `?${query}` : ""}`;
}

function redirectToSlash({ path, query }: ConnectContext): ConnectAnswer {
  const location = `${path}/${query.size > 0 ? `?${query}` : ""}`;
  return { code: 301, headers: { location }, body: "" };
}

async function forward(context: ConnectContext, target: Target): Promise<ConnectAnswer> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(context.headers)) {
    if (value !== undefined && !name.startsWith(":") && !HOP_HEADERS.has(name)) headers[name] = value;
  }
  const body = context.method === "GET" || context.method === "HEAD" ? undefined : await context.body(MAX_BODY);
  if (body) headers["content-length"] = String(body.length);
  const answer = await send(context, target, headers, body);
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(answer.headers))
    if (value !== undefined && !HOP_HEADERS.has(name)) passed[name] = value;
  const place = {
    prefix: prefixOf(context),
    hosts: [`${target.host}:${target.port}`, context.headers[":authority"] ?? context.headers.host ?? ""],
  };
  if (typeof passed.location === "string") passed.location = rewriteUrl(passed.location, place);
  const code = answer.statusCode ?? 502;
  if (!/^text\/html\b/.test(String(passed["content-type"])) || passed["content-encoding"])
    return { code, headers: passed, body: answer };
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  delete passed["content-length"];
  return { code, headers: passed, body: rewriteHtml(Buffer.concat(chunks).toString(), place) };
}

/** The path that leads to the root of the backend. */
const prefixOf = ({ path, rest }: ConnectContext) => path.slice(0, path.length - rest.length);

function send(
  context: ConnectContext,
  target: Target,
  headers: Record<string, string>,
  body: Uint8Array | undefined,
): Promise<IncomingMessage> {
  const { scheme, host, port, credentials } = target;
  const { request } = scheme === "https" ? https : http;
  const security = credentials ?? { rejectUnauthorized: false };
  const options = {
    host,
    port,
    path: pathOf(context),
    method: context.method,
    headers,
    signal: context.signal,
    agent: false as const,
    ...security,
  };
  return new Promise((resolve, reject) => {
    const sent = request(options, resolve);
    sent.on("error", (error) => reject(serviceUnavailable(`error trying to reach service: ${error.message}`)));
    sent.end(body);
  });
}

function dial({ scheme, host, port, credentials }: Target): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const options = { host, port, allowHalfOpen: true };
    const security = credentials ?? { rejectUnauthorized: false };
    const socket: net.Socket =
      scheme === "https"
        ? tls.connect({ ...options, ...security }, () => resolve(socket))
        : net.connect(options, () => resolve(socket));
    socket.once("error", (error) => reject(serviceUnavailable(`error trying to reach service: ${error.message}`)));
  });
}
