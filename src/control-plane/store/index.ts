/**
 * The store: etcd's semantics over an engine of choice. Everything the API server needs of it is exported here.
 * The etcd engine is loaded when it is asked for: gRPC would slow the start of everybody else.
 */
import type { EtcdStoreOptions } from "./etcd/index.ts";
import type { Store } from "./types.ts";

export * from "./types.ts";
export { openEmbeddedStore } from "./embedded/index.ts";

/**
 * Connects to an etcd cluster (3.4 or newer).
 * @throws Error where no endpoint answers in time
 */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const { connectEtcd } = await import("./etcd/index.ts");
  return connectEtcd(options);
}
