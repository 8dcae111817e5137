/** The client's WebSocket: which protocols it offers, and its acceptance with one of them. */
import { WebSocketServer, type WebSocket } from "ws";
import type { UpgradedConnection } from "../types.ts";

export function websocketProtocols({ request }: UpgradedConnection): string[] {
  if (request.headers.upgrade?.toLowerCase() !== "websocket") return [];
  return (request.headers["sec-websocket-protocol"] ?? "").split(",").map((text) => text.trim());
}

const servers = new Map<string, WebSocketServer>();

/**
 * An empty protocol: none is named in the answer. The names are kept from `ws`, which takes tokens alone and refuses
 * `SPDY/3.1+portforward.k8s.io` for its slash.
 */
export function acceptWebSocket({ request, socket, head }: UpgradedConnection, protocol: string): Promise<WebSocket> {
  delete request.headers["sec-websocket-protocol"];
  const server = serverOf(protocol);
  return new Promise((resolve) => server.handleUpgrade(request, socket as never, head, (ws) => resolve(ws)));
}

function serverOf(protocol: string): WebSocketServer {
  const known = servers.get(protocol);
  if (known) return known;
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false });
  if (protocol) server.on("headers", (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  servers.set(protocol, server);
  return server;
}
