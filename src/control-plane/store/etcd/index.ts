/** The etcd engine: a cluster that several API servers share. */
import { realPlatform, type Platform } from "../../../shared/lib/platform.ts";
import type { Store } from "../types.ts";
import { Connection, type TlsOptions } from "./connection.ts";
import { Keys } from "./keys.ts";
import { currentRevision, EtcdStore } from "./store.ts";

export interface EtcdStoreOptions {
  /** `https://host:2379`; the first one that answers is used until it fails. */
  endpoints: readonly string[];
  tls?: TlsOptions;
  /** Put before every key in etcd, and taken off again in answers (default: none). */
  prefix?: string;
  /** How long a call may take, connecting included (default 10 s). */
  timeoutMs?: number;
  platform?: Platform;
  /** How long old revisions can be read and watched from (default 5 minutes, looked at every minute); 0: leave compaction to others. */
  historyMs?: number;
}

/**
 * @throws StoreUnavailableError where no endpoint answers within `timeoutMs`
 */
export async function connectEtcd(options: EtcdStoreOptions): Promise<Store> {
  const { endpoints, tls, prefix = "", timeoutMs = 10_000, platform = realPlatform, historyMs = 300_000 } = options;
  const connection = new Connection(endpoints, tls, platform.clock, timeoutMs);
  const keys = new Keys(prefix);
  try {
    return new EtcdStore(connection, keys, platform.clock, await currentRevision(connection, keys), historyMs);
  } catch (error) {
    connection.close();
    throw error;
  }
}
