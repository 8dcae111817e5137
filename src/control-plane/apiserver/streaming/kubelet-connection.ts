/**
 * How the API server reaches the kubelet of a node: its address and port as the node tells them, with a client certificate.
 *
 * @source pkg/kubelet/client/kubelet_client.go v1.36
 */
import https from "node:https";
import type { IncomingMessage } from "node:http";
import tls, { type TLSSocket } from "node:tls";
import { Node } from "../../../shared/api/core/node.ts";
import { apiError, internalError, notFound, notImplemented } from "../../../shared/apimachinery/errors.ts";
import { plainError } from "../registry/read.ts";
import type { ServerContext } from "../types.ts";

export interface KubeletCredentials {
  /** PEM of the client certificate that kubelets know the API server by. */
  cert: string;
  key: string;
  /** PEM of the authority of kubelets' serving certificates. */
  ca: string;
}

export interface KubeletAddress {
  host: string;
  port: number;
}

/** Addresses that other machines can always reach come first: names may not resolve. */
const ADDRESS_TYPES = ["InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS", "Hostname"];
const DEFAULT_PORT = 10_250;
const CONNECT_TIMEOUT_MS = 10_000;

export function kubeletAddress(server: ServerContext, nodeName: string): KubeletAddress {
  const node = server.cache(Node).get(nodeName);
  if (!node) throw notFound({ group: "", resource: "nodes" }, nodeName);
  if (node.status?.nodeInfo?.containerRuntimeVersion?.startsWith("simulated://"))
    throw notImplemented(
      `node ${JSON.stringify(nodeName)} is simulated: its pods have no containers, and there is no kubelet to ask`,
    );
  const addresses = node.status?.addresses ?? [];
  const host = ADDRESS_TYPES.flatMap((type) => addresses.filter((address) => address.type === type))[0]?.address;
  if (!host) throw plainError("no preferred addresses found; known addresses: []");
  return { host, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port || DEFAULT_PORT };
}

export interface KubeletRequest {
  address: KubeletAddress;
  /** With the query. */
  path: string;
  method: string;
  headers?: Record<string, string | string[] | undefined>;
  body?: Uint8Array;
  signal: AbortSignal;
}

/** A plain request; resolves with the answer, whatever its status, its body unread. */
export function requestKubelet(credentials: KubeletCredentials, request: KubeletRequest): Promise<IncomingMessage> {
  const { address, path, method, headers, body, signal } = request;
  return new Promise((resolve, reject) => {
    const options = { ...credentials, ...address, path, method, headers, signal, agent: false as const };
    const sent = https.request(options, resolve);
    sent.on("error", (error) => reject(unreachable(error, address, path, method)));
    sent.end(body);
  });
}

/** A connection of its own, for streams. */
export function connectKubelet(credentials: KubeletCredentials, address: KubeletAddress): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { ...credentials, ...address, allowHalfOpen: true, ALPNProtocols: ["http/1.1"], timeout: CONNECT_TIMEOUT_MS };
    const socket = tls.connect(options, () => {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      resolve(socket);
    });
    socket.once("timeout", () => socket.destroy(new Error("i/o timeout")));
    socket.once("error", (error) =>
      reject(internalError(`error dialing backend: dial tcp ${address.host}:${address.port}: ${error.message}`)),
    );
  });
}

function unreachable(error: Error, { host, port }: KubeletAddress, path: string, method: string): Error {
  const url = `https://${host}:${port}${path}`;
  return apiError(
    500,
    "",
    `${method === "GET" ? "Get" : "Post"} ${JSON.stringify(url)}: dial tcp ${host}:${port}: ${error.message}`,
  );
}
