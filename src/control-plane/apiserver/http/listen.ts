/**
 * The TLS port: HTTP/2 with the core stream API (the hot path), HTTP/1.1 beside it for probes, simple clients and upgrades.
 *
 * One TLS server negotiates; each connection then goes to the protocol's own server, which never listens itself.
 */
import { createServer as createHttp1Server, type IncomingMessage } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { Handler } from "../chain/types.ts";
import { connectionOf } from "./connection.ts";
import { serveHttp1 } from "./http1.ts";
import { serveHttp2 } from "./http2.ts";

export interface ListenOptions {
  host?: string;
  /** 0: any free one. */
  port: number;
  /** PEM */
  cert: string | Buffer;
  key: string | Buffer;
  /** PEM of the CAs whose client certificates are believed. */
  clientCa?: string | Buffer;
}

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface Listener {
  readonly port: number;
  /** Takes no new connections and ends the open ones. */
  close(): Promise<void>;
  /** The connection's certificate for new connections. */
  setCertificate(cert: string | Buffer, key: string | Buffer): void;
}

const MAX_STREAMS = 1000;

export async function listen(options: ListenOptions, handler: Handler, onUpgrade: UpgradeHandler): Promise<Listener> {
  const sockets = new Set<TLSSocket>();
  const http1 = createHttp1Server({ keepAlive: true, noDelay: true, sendDate: false } as object, (request, response) =>
    serveHttp1(request, response, handler),
  );
  http1.keepAliveTimeout = 90_000;
  http1.requestTimeout = 0;
  http1.on("upgrade", onUpgrade);
  const http2 = createHttp2Server({
    settings: { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: 1 << 20 },
    maxSessionMemory: 256,
  });
  http2.on("stream", (stream, headers) => serveHttp2(stream, headers, handler));
  http2.on("sessionError", () => {}); // the session is closed by then; its streams are told
  http2.on("session", (session) => session.setLocalWindowSize(1 << 22));
  const tls = createTlsServer(
    {
      ALPNProtocols: ["h2", "http/1.1"],
      cert: options.cert,
      key: options.key,
      requestCert: options.clientCa !== undefined,
      rejectUnauthorized: false,
      ca: options.clientCa,
      minVersion: "TLSv1.2",
      noDelay: true,
    },
    (socket) => {
      connectionOf(socket);
      if (socket.alpnProtocol === "h2") http2.emit("connection", socket);
      else http1.emit("connection", socket);
    },
  );
  tls.on("tlsClientError", () => {}); // a client that speaks no TLS is no concern of the server
  tls.on("connection", (socket: TLSSocket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    tls.once("error", reject);
    tls.listen(options.port, options.host ?? "127.0.0.1", resolve);
  });
  return {
    port: (tls.address() as AddressInfo).port,
    setCertificate: (cert, key) => tls.setSecureContext({ cert, key, ca: options.clientCa, minVersion: "TLSv1.2" }),
    close: () =>
      new Promise((resolve) => {
        tls.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
