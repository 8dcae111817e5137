/**
 * A request as the chain sees it, whatever brought it, and what the chain makes of it before any encoding.
 */
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { StructSchema } from "../../../shared/apimachinery/schema.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import type { Served } from "../registry/resources.ts";
import type { ClientCertificate, ConnectAnswer, Credentials, UserInfo } from "../types.ts";

export interface Incoming {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  /** Lower-case names; repeated ones joined as HTTP says. */
  headers: Readonly<Record<string, string | undefined>>;
  /** All bytes of the body, refused with 413 beyond `limit`. */
  body(limit: number): Promise<Uint8Array>;
  /** In-process: the body as a value. It is not changed. */
  object?: unknown;
  /** In-process: who asks; authentication is skipped. */
  user?: UserInfo;
  certificate?: ClientCertificate;
  remoteAddress: string;
  connection?: Credentials["connection"];
  signal: AbortSignal;
}

/** One event of a watch on its way out. */
export interface OutgoingEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  entry?: CachedObject;
  /** BOOKMARK and ERROR: an object that no cache has. */
  object?: unknown;
  /** Where encoded forms may be kept, shared by all watchers that send this event with this type. */
  frames?: Map<string, Uint8Array>;
}

/** Where a watch writes to. */
export interface WatchSink {
  /** False: the reader is too slow, and the watch ends. */
  send(event: OutgoingEvent): boolean;
  end(): void;
}

export interface ListMeta {
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

/** What a handler answers. The edge turns it into bytes, or hands objects over by reference. */
export type Result =
  | { type: "entry"; code: number; served: Served; entry: CachedObject }
  | { type: "object"; code: number; object: KubeObject | object; served?: Served; schema?: StructSchema }
  | { type: "list"; served: Served; entries: readonly CachedObject[]; meta: ListMeta }
  | { type: "watch"; served: Served; start(sink: WatchSink): () => void }
  | { type: "raw"; code: number; contentType: string; body: Uint8Array | string; headers?: Record<string, string> }
  | { type: "stream"; answer: ConnectAnswer };

export interface Answer {
  result: Result;
  /** How to encode it. */
  format: Format;
  warnings: readonly string[];
  headers?: Record<string, string>;
}

/** What the client accepts, as negotiated. */
export interface Format {
  media: "json" | "yaml" | "protobuf";
  /** What stands in content-type. */
  contentType: string;
  /** Transformations: rows, or metadata alone. */
  as?: { kind: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList"; version: "v1" | "v1beta1" };
  pretty: boolean;
  /** Of a Table: what a row carries besides its cells, and the clock that ages are counted to: a watch goes on for long. */
  include?: "Metadata" | "Object" | "None";
  now?: () => number;
}

/** What a transport hands requests to. */
export type Handler = (request: Incoming) => Answer | Promise<Answer>;
