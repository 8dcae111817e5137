/** The sockets of the DNS server: the same answers over UDP and TCP. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import type { Logger } from "../../shared/lib/logger.ts";
import type { Over } from "./forwarder.ts";

export interface Listen {
  address: string;
  port: number;
}

/** Answers a message; undefined where it deserves none. */
export type Answering = (message: Buffer, over: Over) => Buffer | undefined | Promise<Buffer | undefined>;

/** A client that neither asks nor hangs up is let go. */
const IDLE_MS = 20_000;

export class DnsServer {
  readonly #answer: Answering;
  readonly #log: Logger;
  readonly #udp: UdpSocket[] = [];
  readonly #tcp: Server[] = [];
  readonly #connections = new Set<Socket>();

  constructor(answer: Answering, log: Logger) {
    this.#answer = answer;
    this.#log = log;
  }

  /** Listens on both; resolves with the port, which is chosen where 0 was asked for. */
  async listen({ address, port }: Listen): Promise<number> {
    const server = createServer((socket) => this.#serve(socket));
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, address, resolve));
    this.#tcp.push(server);
    const chosen = (server.address() as { port: number }).port;

    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    this.#udp.push(socket);
    await new Promise<void>((resolve, reject) => socket.once("error", reject).bind(chosen, address, resolve));
    socket.on("error", (err) => this.#log.warn({ err }, "the DNS socket reports an error"));
    socket.on("message", (message, from) => {
      const send = (answer: Buffer | undefined) => answer && socket.send(answer, from.port, from.address, () => {}); // the client may be gone
      const answer = this.#answer(message, "udp");
      if (answer instanceof Promise) answer.then(send, (err) => this.#log.error({ err }, "a DNS query could not be answered"));
      else send(answer);
    });
    return chosen;
  }

  close(): void {
    for (const socket of this.#udp) socket.close();
    for (const server of this.#tcp) server.close();
    for (const connection of this.#connections) connection.destroy();
  }

  /** Messages come behind their length in two bytes; several may be on their way at once. */
  #serve(socket: Socket): void {
    this.#connections.add(socket);
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on("close", () => this.#connections.delete(socket));
    socket.on("error", () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const message = received.subarray(2, 2 + received.readUInt16BE(0));
        received = received.subarray(2 + message.length);
        this.#reply(socket, message).catch((err) => this.#log.error({ err }, "a DNS query could not be answered"));
      }
    });
  }

  async #reply(socket: Socket, message: Buffer): Promise<void> {
    const answer = await this.#answer(message, "tcp");
    if (!answer) return void socket.destroy();
    const length = Buffer.alloc(2);
    length.writeUInt16BE(answer.length);
    if (!socket.destroyed) socket.write(Buffer.concat([length, answer]));
  }
}
