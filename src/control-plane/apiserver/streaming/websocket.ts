/** The client's WebSocket: which protocols it offers, and its acceptance with one of them. */
import { WebSocketServer, type WebSocket } from "ws";
import type { UpgradedConnection } from "../types.ts";

export function websocketProtocols({ request }: UpgradedConnection): string[] {
  if (request.headers.upgrade?.toLowerCase() !== "websocket") return [];
  return (request.headers["sec-websocket-protocol"] ?? "").split(",").map((text) => text.trim());
}

const servers = new Map<string, WebSocketServer>();

/** An empty protocol: none is named in the answer. */
export function acceptWebSocket({ request, socket, head }: UpgradedConnection, protocol: string): Promise<WebSocket> {
  let server = servers.get(protocol);
  if (!server) {
    const handleProtocols = () => protocol || (false as const);
    servers.set(
      protocol,
      (server = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols, clientTracking: false })),
    );
  }
  return new Promise((resolve) => server.handleUpgrade(request, socket as never, head, (ws) => resolve(ws)));
}
