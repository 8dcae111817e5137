/** What is known of a connection after its handshake, found out once. */
import type { TLSSocket } from "node:tls";
import type { ClientCertificate, RememberedCaller } from "../types.ts";

export interface Connection {
  certificate: ClientCertificate | undefined;
  remoteAddress: string;
  caller?: RememberedCaller;
}

const connections = new WeakMap<object, Connection>();

export function connectionOf(socket: TLSSocket): Connection {
  let connection = connections.get(socket);
  if (!connection)
    connections.set(socket, (connection = { certificate: certificateOf(socket), remoteAddress: socket.remoteAddress ?? "" }));
  return connection;
}

/** Only a certificate that verified against the client CA counts. */
function certificateOf(socket: TLSSocket): ClientCertificate | undefined {
  if (!socket.authorized) return undefined;
  const peer = socket.getPeerCertificate();
  if (!peer?.raw) return undefined;
  const subject = peer.subject as unknown as Record<string, string | string[] | undefined>;
  return { raw: peer.raw, commonName: [subject.CN ?? ""].flat()[0]!, organizations: [subject.O ?? []].flat() };
}
