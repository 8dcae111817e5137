/**
 * Hands an upgraded connection (SPDY/3.1 or WebSocket) over to another server: the request is repeated there with its own path, then bytes
 * go both ways as they come. The end of one direction is passed on alone: a client may have sent all it has and still listen.
 */
import type { IncomingMessage } from "node:http";
import net, { type Socket } from "node:net";
import type { Logger } from "../../../shared/lib/logger.ts";

export interface UpgradeProxy {
  request: IncomingMessage;
  socket: Socket;
  /** What the client sent after its request already. */
  head: Buffer;
  target: URL;
  log: Logger;
}

export function proxyUpgrade({ request, socket, head, target, log }: UpgradeProxy): void {
  const upstream = net.connect({ host: target.hostname, port: Number(target.port || 80), allowHalfOpen: true });
  upstream.setNoDelay(true);
  socket.setNoDelay(true);
  socket.setTimeout(0);
  upstream.on("connect", () => {
    upstream.write(requestHead(request, target));
    if (head.length > 0) upstream.write(head);
    upstream.pipe(socket);
    socket.pipe(upstream);
  });
  upstream.on("error", (error) => {
    log.debug({ err: error }, "a stream to the runtime broke");
    socket.destroy();
  });
  socket.on("error", () => upstream.destroy());
  socket.on("close", () => upstream.destroy());
  upstream.on("close", () => socket.destroySoon());
}

function requestHead(request: IncomingMessage, target: URL): string {
  const lines = [`${request.method} ${target.pathname}${target.search} HTTP/1.1`, `Host: ${target.host}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!;
    if (!/^(host|authorization)$/i.test(name)) lines.push(`${name}: ${request.rawHeaders[index + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
