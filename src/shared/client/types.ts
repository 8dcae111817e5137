/**
 * How every component speaks with the API server: one client over two transports (in-process, HTTPS), informers over both.
 *
 * Objects that a cache hands out are frozen and shared with everybody: change a copy (`structuredClone`).
 */
import type { Kind } from "../api/kind.ts";
import type { Draft, KubeList, KubeObject } from "../apimachinery/meta.ts";

/** One request as the API server sees it after TLS: what both transports carry. */
export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path without query, e.g. `/api/v1/namespaces/default/pods`. */
  path: string;
  query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  headers?: Readonly<Record<string, string>>;
  /** A value that is serialized as JSON by a transport that has to. */
  body?: unknown;
  signal?: AbortSignal;
}

export interface ApiResponse {
  code: number;
  headers: Readonly<Record<string, string>>;
  /** Parsed JSON, or text for other content types. Frozen where it comes from the server's own cache. */
  body: unknown;
}

export type WatchEventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

export interface WatchEvent<T = KubeObject> {
  type: WatchEventType;
  object: T;
}

export interface Transport {
  /** Rejects with `ApiError` for every answer that is a Status failure, with another Error when there was no answer. */
  request(request: ApiRequest): Promise<ApiResponse>;
  /** A streaming GET with `watch=true`. Ends when the server ends it; throws `ApiError` (410 Expired among them). */
  watch(request: ApiRequest): AsyncIterable<WatchEvent>;
  /**
   * In-process only: a live view of the server's own cache, after one authorization check of list and watch. `undefined` where a webhook
   * converts the kind: its objects have to be waited for, by list and watch.
   */
  sharedCache?<T extends KubeObject>(kind: Kind<T>): Promise<SharedCache<T> | undefined>;
  close(): void;
}

/** What the API server's cache of one kind looks like to in-process readers: no copy, no parse. */
export interface SharedCache<T extends KubeObject> {
  get(key: string): T | undefined;
  list(): Iterable<T>;
  size(): number;
  /** Called in order for each change after this call; returns the unsubscribe function. */
  subscribe(handler: (type: "ADDED" | "MODIFIED" | "DELETED", object: T, old: T | undefined) => void): () => void;
}

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: "Exact" | "NotOlderThan";
  signal?: AbortSignal;
}

export interface WriteOptions {
  dryRun?: boolean;
  fieldManager?: string;
  fieldValidation?: "Ignore" | "Warn" | "Strict";
  signal?: AbortSignal;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Foreground" | "Background" | "Orphan";
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: boolean;
  signal?: AbortSignal;
}

export type PatchType = "json" | "merge" | "strategic" | "apply";

/** Where an object is: `namespace` is left out for cluster-scoped kinds. An object's `metadata` fits. */
export interface ObjectName {
  namespace?: string;
  name: string;
}

export interface Client {
  readonly transport: Transport;
  get<T extends KubeObject>(kind: Kind<T>, name: ObjectName): Promise<T>;
  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): Promise<KubeList<T>>;
  /** Uses `metadata.namespace`. Fills in apiVersion and kind. */
  create<T extends KubeObject>(kind: Kind<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  update<T extends KubeObject>(kind: Kind<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  updateStatus<T extends KubeObject>(kind: Kind<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    kind: Kind<T>,
    name: ObjectName,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions & { subresource?: string; force?: boolean },
  ): Promise<T>;
  /** Resolves with the answer: the object while it is still being deleted, or a Status. */
  delete<T extends KubeObject>(kind: Kind<T>, name: ObjectName, options?: DeleteOptions): Promise<unknown>;
  deleteCollection<T extends KubeObject>(kind: Kind<T>, options?: ListOptions & DeleteOptions): Promise<void>;
  /** POST (or `method`) to a subresource such as `binding`, `eviction`, `token`, `scale`. */
  subresource<R = unknown>(
    kind: Kind<any>,
    name: ObjectName,
    subresource: string,
    request?: { method?: ApiRequest["method"]; body?: unknown; query?: ApiRequest["query"] },
  ): Promise<R>;
  watch<T extends KubeObject>(kind: Kind<T>, options?: ListOptions & { allowBookmarks?: boolean }): AsyncIterable<WatchEvent<T>>;
}

export interface Indexer<T> {
  /** Index values of an object; an object may stand under several. */
  (object: T): readonly string[];
}

/** A read-only, always current view of one kind. */
export interface Cache<T extends KubeObject> {
  /** `key` is `namespace/name`, or `name` for cluster-scoped kinds. */
  get(key: string): T | undefined;
  list(namespace?: string): T[];
  byIndex(index: string, value: string): T[];
  size(): number;
}

export interface EventHandlers<T> {
  added?(object: T): void;
  updated?(object: T, old: T): void;
  deleted?(object: T): void;
}

export interface Informer<T extends KubeObject> {
  readonly kind: Kind<T>;
  readonly cache: Cache<T>;
  /** Handlers added after the start are called with `added` for what is there. Returns the remove function. */
  onEvent(handlers: EventHandlers<T>): () => void;
  addIndex(name: string, indexer: Indexer<T>): void;
  synced(): boolean;
  /** Resolves when the first list is in the cache. */
  whenSynced(signal?: AbortSignal): Promise<void>;
}

export interface InformerOptions {
  namespace?: string;
  fieldSelector?: string;
  labelSelector?: string;
}

/** Informers are shared: asking twice for the same kind and options gives the same one. */
export interface InformerFactory {
  informer<T extends KubeObject>(kind: Kind<T>, options?: InformerOptions): Informer<T>;
  /** Starts those not running yet and resolves when all are synced. */
  start(signal?: AbortSignal): Promise<void>;
  /** Stops all watches. */
  close(): void;
}
