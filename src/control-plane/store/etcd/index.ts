/** The etcd engine. */
import type { Store } from "../types.ts";

export interface EtcdStoreOptions {
  /** `https://host:2379`, tried in turn. */
  endpoints: readonly string[];
  /** PEM. */
  tls?: { ca?: string; cert?: string; key?: string };
  /** Put before every key; taken off again in answers. */
  prefix?: string;
}

export async function connectEtcd(_options: EtcdStoreOptions): Promise<Store> {
  throw new Error("the etcd engine is not built yet");
}
