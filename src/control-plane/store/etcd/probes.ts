/** Questions that etcd answers only on a stream. */
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { type Connection, isCompacted } from "./connection.ts";
import type { Keys } from "./keys.ts";
import { type Long, methods, number, type WatchResponse } from "./protocol.ts";

/** Renews a lease. etcd says of one that it does not know that it has no time left. */
export async function leaseIsAlive(connection: Connection, lease: bigint): Promise<boolean> {
  const stream = await connection.stream(methods.leaseKeepAlive);
  return first<{ TTL: Long }, boolean>(stream, { ID: `${lease}` }, ({ TTL }) => number(TTL) > 0);
}

/** The oldest revision that can be read. A watch from the beginning of time is told where that is. */
export async function oldestRevision(connection: Connection, keys: Keys): Promise<number> {
  try {
    await connection.read(methods.range, { key: keys.marker, revision: 1, count_only: true });
    return 1;
  } catch (error) {
    if (!isCompacted(error)) throw error;
  }
  const stream = await connection.stream(methods.watch);
  const request = { create_request: { key: keys.marker, start_revision: 1 } };
  return first<WatchResponse, number>(stream, request, (response) => number(response.compact_revision) || undefined);
}

/** Sends one message and resolves with the first answer that `pick` makes something of. */
function first<R, T>(stream: ClientDuplexStream<any, R>, request: object, pick: (response: R) => T | undefined): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    stream.on("error", reject);
    stream.on("end", () => reject(new Error("etcd ended the stream")));
    stream.on("data", (response: R) => {
      const picked = pick(response);
      if (picked === undefined) return;
      resolve(picked);
      stream.cancel();
    });
    stream.write(request);
  });
}
