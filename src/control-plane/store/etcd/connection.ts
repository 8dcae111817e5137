/**
 * The way to the cluster: one gRPC channel per endpoint, of which one is used until it fails.
 *
 * Calls wait for a connection, so that a restart of etcd is a pause and not an error. What only reads is tried again, on the next
 * endpoint; a write is not, since it may have been done: its caller gets the error and has to look.
 */
import { ChannelCredentials, Client, connectivityState, status, type ClientDuplexStream, type ServiceError } from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/proto-loader";
import type { Clock } from "../../../shared/lib/platform.ts";
import { LeaseNotFoundError, StoreUnavailableError } from "../types.ts";

export interface TlsOptions {
  /** PEM: who may have signed the server's certificate. */
  ca?: string;
  /** PEM: the client's certificate and key. */
  cert?: string;
  key?: string;
}

/** How long one endpoint may take to connect before the next is tried; and when it is known to be down. */
const CONNECT_MS = 2000;
const DOWN_MS = 200;

/** What etcd says where a status code alone does not tell. @source etcd's rpctypes/error.go */
const COMPACTED = "etcdserver: mvcc: required revision has been compacted";
const FUTURE = "etcdserver: mvcc: required revision is a future revision";
const LEASE_NOT_FOUND = "etcdserver: requested lease not found";

export const isCompacted = (error: unknown) => (error as ServiceError).details === COMPACTED;
export const isFuture = (error: unknown) => (error as ServiceError).details === FUTURE;

export class Connection {
  readonly #clients: Client[];
  readonly #endpoints: readonly string[];
  readonly #clock: Clock;
  readonly #callMs: number;
  #current = 0;
  #closed = false;

  constructor(endpoints: readonly string[], tls: TlsOptions | undefined, clock: Clock, callMs: number) {
    if (endpoints.length === 0) throw new TypeError("no etcd endpoint");
    this.#endpoints = endpoints;
    this.#clock = clock;
    this.#callMs = callMs;
    this.#clients = endpoints.map((endpoint) => client(endpoint, tls));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A call that may be repeated. */
  async read<R>(method: MethodDefinition<any, any>, request: object): Promise<R> {
    const deadline = this.#clock.now() + this.#callMs;
    for (;;) {
      try {
        return await this.#call<R>(method, request, deadline);
      } catch (error) {
        const again = (error as ServiceError).code === status.UNAVAILABLE && this.#clock.now() < deadline && !this.#closed;
        if (!again) throw this.#explain(error);
        this.#next();
      }
    }
  }

  async write<R>(method: MethodDefinition<any, any>, request: object): Promise<R> {
    try {
      return await this.#call<R>(method, request, this.#clock.now() + this.#callMs);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** A stream both ways, once there is a connection. */
  async stream(method: MethodDefinition<any, any>): Promise<ClientDuplexStream<any, any>> {
    const client = await this.#ready(this.#clock.now() + this.#callMs);
    return client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
  }

  close(): void {
    this.#closed = true;
    for (const client of this.#clients) client.close();
  }

  async #call<R>(method: MethodDefinition<any, any>, request: object, deadline: number): Promise<R> {
    const client = await this.#ready(deadline);
    return new Promise<R>((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = method;
      const done = (error: ServiceError | null, response?: R) => (error ? reject(error) : resolve(response!));
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, done);
    });
  }

  async #ready(deadline: number): Promise<Client> {
    for (;;) {
      if (this.#closed) throw new StoreUnavailableError("the store is closed");
      const client = this.#clients[this.#current]!;
      if (client.getChannel().getConnectivityState(true) === connectivityState.READY) return client;
      const now = this.#clock.now();
      if (now >= deadline) throw new StoreUnavailableError(`etcd does not answer at ${this.#endpoints.join(", ")}`);
      if (await connected(client, now, deadline)) return client;
      this.#next();
    }
  }

  #next(): void {
    this.#current = (this.#current + 1) % this.#clients.length;
  }

  #explain(error: unknown): Error {
    if (this.#closed) return new StoreUnavailableError("the store is closed", error);
    const { code, details } = error as ServiceError;
    const lost = code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
    return lost ? new StoreUnavailableError(`etcd: ${details}`, error) : (error as Error);
  }
}

/** Calls with a lease that etcd does not know fail with `LeaseNotFoundError`. */
export async function withLease<T>(lease: bigint, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw (error as ServiceError).details === LEASE_NOT_FOUND ? new LeaseNotFoundError(lease) : error;
  }
}

/** False as soon as an attempt has failed, or at the deadline. */
async function connected(client: Client, now: number, deadline: number): Promise<boolean> {
  const channel = client.getChannel();
  for (;;) {
    const before = channel.getConnectivityState(true);
    if (before === connectivityState.READY) return true;
    const until = before === connectivityState.TRANSIENT_FAILURE ? now + DOWN_MS : now + CONNECT_MS;
    const failed = await new Promise((resolve) => channel.watchConnectivityState(before, Math.min(until, deadline), resolve));
    if (failed) return false;
    if (channel.getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE) return false;
  }
}

function client(endpoint: string, tls: TlsOptions | undefined): Client {
  const url = new URL(endpoint.includes("://") ? endpoint : `http://${endpoint}`);
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  const credentials =
    url.protocol === "https:"
      ? ChannelCredentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert))
      : ChannelCredentials.createInsecure();
  return new Client(`${url.hostname}:${url.port || 2379}`, credentials, {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2000,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.enable_retries": 0,
  });
}
