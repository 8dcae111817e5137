/** What every part of the server works with; made once by `createApiServer`. */
import type { Platform } from "../../shared/lib/platform.ts";
import type { Store } from "../store/types.ts";
import type { Aggregation } from "./aggregation/index.ts";
import type { CacheHub } from "./cache/hub.ts";
import type { RequestMetrics } from "./metrics/index.ts";
import type { CompanionRule } from "./registry/companions.ts";
import type { TtlLeases } from "./registry/ttl-leases.ts";
import type { ResourceTable } from "./registry/resources.ts";
import type {
  AdmissionPlugin,
  Authenticator,
  Authorizer,
  ConnectResource,
  Document,
  Impersonation,
  ServerContext,
  VirtualResource,
} from "./types.ts";

export interface Core {
  readonly store: Store;
  readonly hub: CacheHub;
  readonly resources: ResourceTable;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly impersonation: Impersonation | undefined;
  /** In upstream's order. */
  readonly admission: readonly AdmissionPlugin[];
  readonly virtual: Readonly<Record<string, VirtualResource>>;
  /** Streams and proxies. */
  readonly connects: Readonly<Record<string, ConnectResource>>;
  /** By path. */
  readonly documents: Readonly<Record<string, () => Promise<Document>>>;
  /** What is written beside objects, by resource. */
  readonly companions: Readonly<Record<string, CompanionRule>>;
  readonly platform: Platform;
  /** Aborted when the server closes: whatever still runs ends. */
  readonly closed: AbortSignal;
  /** Group versions that other servers serve. */
  readonly aggregation: Aggregation | undefined;
  readonly leases: TtlLeases;
  readonly requests: RequestMetrics;
  readonly context: ServerContext;
  /** An unexpected error: the request it broke got a 500. */
  report(error: unknown): void;
}
