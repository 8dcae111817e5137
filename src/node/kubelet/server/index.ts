/**
 * The node's HTTPS server: what the API server asks of a kubelet. Only clients with a certificate of the cluster's CA are heard, and of
 * those only the API server and administrators.
 *
 * @source pkg/kubelet/server/server.go v1.36
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Pod } from "../../../shared/api/generated/core-v1.ts";
import type { KubeletContext } from "../context.ts";
import { serveLogs } from "./container-logs.ts";
import { RequestError } from "./request-error.ts";
import { resourceMetrics, statsSummary } from "./stats.ts";
import { streamTarget } from "./streaming.ts";
import { proxyUpgrade } from "./upgrade-proxy.ts";

export interface KubeletServerOptions {
  /** Default all addresses. */
  host?: string;
  port: number;
  /** PEM. */
  cert: string;
  key: string;
  /** Certificates of this authority identify clients. */
  clientCa: string;
}

export interface ServerContext {
  context: KubeletContext;
  pods(): Pod[];
}

const API_SERVER = "kube-apiserver-kubelet-client";
const ADMINISTRATORS = "system:masters";

/** Serves until the signal; rejects when it cannot listen. */
export function serveKubelet(options: KubeletServerOptions, server: ServerContext, signal: AbortSignal): Promise<void> {
  const { cert, key, clientCa, port, host } = options;
  const listener = https.createServer({
    cert,
    key,
    ca: clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
  });
  const sockets = new Set<Socket>();
  listener.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  listener.on("request", (request, response) => void answer(server, request, response));
  listener.on("upgrade", (request, socket: Socket, head) => void upgrade(server, request, socket, head));
  listener.on("tlsClientError", (_, socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    listener.once("error", (cause) => reject(new Error(`kubelet server on port ${port}: ${cause.message}`, { cause })));
    listener.listen(port, host);
    const stop = () => {
      listener.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

function authorize(request: IncomingMessage): void {
  const socket = request.socket as TLSSocket;
  if (!socket.authorized) throw new RequestError(401, "Unauthorized");
  const { CN, O } = socket.getPeerCertificate().subject;
  const groups = Array.isArray(O) ? O : [O];
  if (CN !== API_SERVER && !groups.includes(ADMINISTRATORS)) {
    throw new RequestError(
      403,
      `Forbidden (user=${String(CN)}, verb=${request.method?.toLowerCase()}, resource=nodes, subresource(s)=[proxy])`,
    );
  }
}

async function answer(server: ServerContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const url = new URL(request.url!, "https://kubelet");
    if (url.pathname === "/healthz") return void response.end("ok");
    authorize(request);
    await route(server, url, request, response);
  } catch (error) {
    fail(server, error, response);
  }
}

async function route(server: ServerContext, url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, first = ""] = url.pathname.split("/");
  const json = (value: unknown) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
  switch (first) {
    case "pods":
      return void json({ kind: "PodList", apiVersion: "v1", metadata: {}, items: server.pods() });
    case "containerLogs":
      return serveLogs(server, url, request, response);
    case "stats":
      return void json(await statsSummary(server));
    case "metrics":
      if (url.pathname === "/metrics/resource") return void response.end(await resourceMetrics(server));
      break;
    case "exec":
    case "attach":
    case "portForward":
      throw new RequestError(400, "Upgrade request required");
  }
  throw new RequestError(404, "404 page not found");
}

function fail({ context }: ServerContext, error: unknown, response: ServerResponse): void {
  const code = error instanceof RequestError ? error.code : 500;
  if (code === 500) context.log.warn({ err: error }, "a request to the kubelet failed");
  if (response.headersSent) return void response.destroy();
  response.writeHead(code, { "content-type": "text/plain; charset=utf-8" }).end((error as Error).message);
}

/** exec, attach and port-forward: handed over to the runtime's own streaming server, byte for byte. */
async function upgrade(server: ServerContext, request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
  try {
    authorize(request);
    const target = await streamTarget(server.context, server.pods(), new URL(request.url!, "https://kubelet"));
    proxyUpgrade({ request, socket, head, target, log: server.context.log });
  } catch (error) {
    const code = error instanceof RequestError ? error.code : 500;
    const { message } = error as Error;
    socket.end(
      `HTTP/1.1 ${code} Error\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(message)}\r\nconnection: close\r\n\r\n${message}`,
    );
  }
}
