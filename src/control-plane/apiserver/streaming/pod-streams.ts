/**
 * exec, attach and port-forward: from the client's protocol to the kubelet's.
 *
 * SPDY goes through byte for byte; WebSockets of v5 and v4 are translated to SPDY, which alone can end stdin and still hear the
 * exit status; `SPDY/3.1+portforward.k8s.io` is SPDY inside a WebSocket; older WebSocket protocols go through to the kubelet.
 *
 * @source pkg/registry/core/pod/rest/subresources.go, staging/src/k8s.io/streaming/pkg/httpstream v1.36
 */
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import type { ConnectContext, ConnectResource, UpgradedConnection } from "../types.ts";
import { connectKubelet, type KubeletAddress, type KubeletCredentials } from "./kubelet-connection.ts";
import { containerOf, kubeletOf, podOf } from "./pod-container.ts";
import { SpdyClient } from "./spdy-client.ts";
import { translate, type Streams } from "./translate.ts";
import { acceptWebSocket, websocketProtocols } from "./websocket.ts";
import { requestHead, upgradeKubelet, type UpgradeRequest } from "./upgrade.ts";

const TRANSLATED = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const TUNNEL = "SPDY/3.1+portforward.k8s.io";
/** What the runtime's streaming server speaks. */
const SPDY_COMMAND = "v4.channel.k8s.io";
const SPDY_FORWARD = "portforward.k8s.io";

export type StreamVerb = "exec" | "attach" | "portForward";

export const podStream = (verb: StreamVerb, credentials: KubeletCredentials): ConnectResource => ({
  async request(context) {
    locate(verb, context);
    throw badRequest("Upgrade request required");
  },
  async upgrade(context, connection) {
    const { path, address } = locate(verb, context);
    const upstream = await connectKubelet(credentials, address);
    const host = `${address.host}:${address.port}`;
    const protocols = websocketProtocols(connection);
    const translated = verb !== "portForward" && TRANSLATED.find((name) => protocols.includes(name));
    try {
      if (translated)
        await translateCommand({ connection, upstream, host, path, protocol: translated, streams: streamsOf(context) });
      else if (verb === "portForward" && protocols.includes(TUNNEL))
        await tunnel({ connection, upstream, host, path, protocol: TUNNEL });
      else passThrough(connection, upstream, host, path);
    } catch (error) {
      upstream.destroy();
      throw error;
    }
  },
});

/** The kubelet to ask, and what for. */
function locate(verb: StreamVerb, context: ConnectContext): { path: string; address: KubeletAddress } {
  const ports = verb === "portForward" ? portsOf(context) : [];
  const pod = podOf(context);
  const container = verb === "portForward" ? "" : containerOf(pod, context.query.get("container") ?? "", context.name);
  if (!pod.spec.nodeName) throw badRequest(`pod ${context.name} does not have a host assigned`);
  const address = kubeletOf(context, pod.spec.nodeName);
  return { address, path: verb === "portForward" ? forwardPath(context, ports) : commandPath(verb, context, container) };
}

function commandPath(verb: StreamVerb, context: ConnectContext, container: string): string {
  const pod = podOf(context);
  const { phase } = pod.status ?? {};
  if (phase === "Succeeded" || phase === "Failed") {
    throw badRequest(`cannot ${verb} into a container in a completed pod; current phase is ${phase}`);
  }
  const streams = streamsOf(context);
  if (!streams.stdin && !streams.stdout && !streams.stderr)
    throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  const query = new URLSearchParams();
  for (const [name, from] of [
    ["input", "stdin"],
    ["output", "stdout"],
    ["error", "stderr"],
    ["tty", "tty"],
  ] as const) {
    if (streams[from] && !(from === "stderr" && streams.tty)) query.append(name, "1");
  }
  for (const part of context.query.getAll("command")) query.append("command", part);
  return `/${verb}/${context.namespace}/${context.name}/${container}?${query}`;
}

function portsOf({ query }: ConnectContext): string[] {
  const ports = query.getAll("ports").flatMap((text) => text.split(","));
  const bad = (text: string, why: string) =>
    badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`);
  for (const port of ports) {
    if (!/^\d+$/.test(port)) throw bad(port, "invalid syntax");
    if (Number(port) > 65_535) throw bad(port, "value out of range");
  }
  return ports;
}

function forwardPath({ namespace, name }: ConnectContext, ports: readonly string[]): string {
  const wanted = new URLSearchParams(ports.map((port) => ["port", port] as [string, string]));
  return `/portForward/${namespace}/${name}${ports.length > 0 ? `?${wanted}` : ""}`;
}

function streamsOf({ query }: ConnectContext): Streams {
  const is = (name: string) => ["1", "true"].includes(query.get(name) ?? "");
  return { stdin: is("stdin"), stdout: is("stdout"), stderr: is("stderr"), tty: is("tty") };
}

interface Hop {
  connection: UpgradedConnection;
  upstream: TLSSocket;
  host: string;
  path: string;
  protocol: string;
}

const spdyRequest = ({ host, path }: Hop, protocol: string): UpgradeRequest => ({
  method: "POST",
  path,
  host,
  headers: [
    ["Connection", "Upgrade"],
    ["Upgrade", "SPDY/3.1"],
    ["X-Stream-Protocol-Version", protocol],
    ["Content-Length", "0"],
  ],
});

/** The kubelet is asked first: until the WebSocket stands, its refusal can be passed on as an answer. */
async function translateCommand(hop: Hop & { streams: Streams }): Promise<void> {
  const { upstream, connection, streams } = hop;
  const { rest } = await upgradeKubelet(upstream, spdyRequest(hop, SPDY_COMMAND));
  const ws = await acceptWebSocket(connection, hop.protocol);
  translate(ws, new SpdyClient(upstream, rest), streams);
  upstream.resume();
}

/** Messages are pieces of a SPDY connection that only the client and the runtime understand. */
async function tunnel(hop: Hop): Promise<void> {
  const { upstream, connection } = hop;
  const { rest } = await upgradeKubelet(upstream, spdyRequest(hop, SPDY_FORWARD));
  const ws = await acceptWebSocket(connection, hop.protocol);
  if (rest.length > 0) ws.send(rest);
  upstream.on("data", (chunk: Buffer) => {
    upstream.pause();
    ws.send(chunk, { binary: true }, () => upstream.resume());
  });
  upstream.on("close", () => ws.close(1000));
  upstream.on("end", () => ws.close(1000));
  upstream.on("error", () => ws.close(1000));
  upstream.on("drain", () => ws.resume());
  ws.on("message", (message: Buffer) => {
    if (!upstream.write(message)) ws.pause();
  });
  ws.on("close", () => upstream.destroy());
  ws.on("error", () => upstream.destroy());
  upstream.resume();
}

function passThrough({ request, socket, head }: UpgradedConnection, upstream: TLSSocket, host: string, path: string): void {
  const headers: [string, string][] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!;
    if (!/^(host|authorization|impersonate-.*)$/i.test(name)) headers.push([name, request.rawHeaders[index + 1]!]);
  }
  upstream.write(requestHead({ method: request.method!, path, host, headers }));
  if (head.length > 0) upstream.write(head);
  joinStreams(socket, upstream);
}

/** Bytes both ways; the end of one direction is passed on alone. */
export function joinStreams(socket: Duplex, upstream: Duplex): void {
  socket.pipe(upstream);
  upstream.pipe(socket);
  socket.on("error", () => upstream.destroy());
  upstream.on("error", () => socket.destroy());
  socket.on("close", () => upstream.destroy());
  upstream.on("close", () => socket.end());
}
