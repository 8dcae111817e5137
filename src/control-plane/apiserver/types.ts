/**
 * The seams of the request chain: TLS → authentication → flow control → audit → authorization → route → decode → mutate → validate →
 * store → encode. Each stage is one of these interfaces; in-process components enter after TLS with their own identity.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import type { Kind } from "../../shared/api/kind.ts";
import type { KubeObject } from "../../shared/apimachinery/meta.ts";
import type { Client, SharedCache } from "../../shared/client/types.ts";

export interface UserInfo {
  name: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

export interface ClientCertificate {
  /** DER. */
  raw: Uint8Array;
  commonName: string;
  organizations: readonly string[];
}

/** Whom a header stood for, until when (monotonic). */
export interface RememberedCaller {
  readonly authorization: string;
  readonly user: UserInfo;
  readonly until: number;
}

export interface Credentials {
  headers: Readonly<Record<string, string | undefined>>;
  /** Verified against the client CA by TLS already; absent where none was presented or it did not verify. */
  certificate?: ClientCertificate;
  remoteAddress: string;
  /** Where the latest caller of the same connection may be kept. */
  connection?: { caller?: RememberedCaller };
}

export interface Authenticator {
  /** undefined: no opinion, the next one is asked. Throws `unauthorized()` where a credential is there and wrong. */
  authenticate(credentials: Credentials): UserInfo | undefined | Promise<UserInfo | undefined>;
}

/** What is asked for, as authorizers see it. */
export interface AccessAttributes {
  user: UserInfo;
  /** API verb (`get`, `list`, `watch`, `create`, …), or the lower-case HTTP method for a non-resource path. */
  verb: string;
  resourceRequest: boolean;
  path: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  fieldSelector?: string;
  labelSelector?: string;
}

export interface AccessDecision {
  decision: "allow" | "deny" | "no-opinion";
  reason: string;
}

export interface Authorizer {
  authorize(attributes: AccessAttributes): AccessDecision | Promise<AccessDecision>;
}

/** Callers who ask in headers to be treated as somebody else. */
export interface Impersonation {
  /** Who the caller counts as from here on, undefined where no header asks for it. Throws 400 and 403. */
  impersonate(headers: Credentials["headers"], attributes: AccessAttributes): Promise<UserInfo> | undefined;
}

/** A document at a path that is no resource. */
export interface Document {
  contentType: string;
  body: object;
}

/** What in-server parts (admission, authorizers, virtual resources) may read and write: the server's own caches, and a client of an identity. */
export interface ServerContext {
  cache<T extends KubeObject>(kind: Kind<T>): SharedCache<T>;
  /** An in-process client that enters the chain as this user (`system:apiserver` where absent). */
  client(user?: UserInfo): Client;
  kinds(): Iterable<Kind<any>>;
  now(): number;
}

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

export interface AdmissionAttributes<T extends KubeObject = KubeObject> {
  operation: Operation;
  kind: Kind<T>;
  subresource: string;
  namespace: string;
  name: string;
  /** Mutable during `admit`, frozen during `validate`; absent on DELETE. */
  object: T | undefined;
  /** Frozen; present on UPDATE and DELETE. */
  oldObject: T | undefined;
  /** Create-, Update-, DeleteOptions or the options of a connect, as decoded. */
  options: Record<string, unknown>;
  user: UserInfo;
  dryRun: boolean;
  /** Adds a `Warning` header to the answer. */
  warn(text: string): void;
}

/** One file each in `admission/`; the order is the table in `admission/order.ts`. Refusal: throw an ApiError. */
export interface AdmissionPlugin {
  readonly name: string;
  handles(attributes: AdmissionAttributes): boolean;
  /** Mutating phase. */
  admit?(attributes: AdmissionAttributes, server: ServerContext): void | Promise<void>;
  /** Validating phase, after schema validation. */
  validate?(attributes: AdmissionAttributes, server: ServerContext): void | Promise<void>;
}

/** What a virtual resource or a computed subresource is called with. */
export interface CallContext {
  server: ServerContext;
  user: UserInfo;
  kind: Kind<any>;
  subresource: string;
  namespace: string;
  name: string;
  query: URLSearchParams;
  dryRun: boolean;
  now: number;
  warn(text: string): void;
}

/**
 * A resource without storage (reviews), or a subresource that is computed (`token`, `binding`, `eviction`). Keyed by `group/plural` or
 * `group/plural/subresource`, with an empty group for core (`/serviceaccounts/token`). The object was decoded by the schema of its kind.
 */
export interface VirtualResource {
  /** Completes what was decoded, before its fields are given to their owner. */
  setDefaults?(object: KubeObject): void;
  create?(object: KubeObject, context: CallContext): Promise<KubeObject> | KubeObject;
  get?(context: CallContext): Promise<KubeObject> | KubeObject;
  list?(context: CallContext): Promise<object> | object;
}

/** What a subresource that is a stream or a proxy is called with. */
export interface ConnectContext {
  server: ServerContext;
  user: UserInfo;
  namespace: string;
  name: string;
  method: string;
  /** The whole path, as it was sent. */
  path: string;
  /** What of the path follows the subresource, with its leading `/`; empty where nothing does. */
  rest: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | undefined>>;
  body(limit: number): Promise<Uint8Array>;
  /** The client went away. */
  signal: AbortSignal;
}

/** Bytes of a backend, passed on as they come. */
export interface ConnectAnswer {
  code: number;
  headers: Record<string, string | string[]>;
  body: Readable | string;
}

/** A connection that wants to become another protocol. */
export interface UpgradedConnection {
  request: IncomingMessage;
  socket: Duplex;
  /** What came behind the request already. */
  head: Buffer;
}

/** Keyed like `VirtualResource`, e.g. `/pods/exec`. Refusal: throw an ApiError, before anything was written. */
export interface ConnectResource {
  request?(context: ConnectContext): Promise<ConnectAnswer>;
  upgrade?(context: ConnectContext, connection: UpgradedConnection): Promise<void>;
}
