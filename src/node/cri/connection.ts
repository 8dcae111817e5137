/** Unary gRPC calls over a unix socket, to services described by `proto.ts` texts. */
import grpc from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { realClock } from "../../shared/lib/platform.ts";
import { parseProto } from "./proto-text.ts";

const MESSAGE_LIMIT = 16 * 1024 * 1024;
const CALL_TIMEOUT_MS = 120_000;

export interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** A gRPC status; read through the predicates below. */
export class CriError extends Error {
  readonly code: number;
  readonly method: string;
  constructor(method: string, code: number, details: string) {
    super(details);
    this.name = "CriError";
    this.method = method;
    this.code = code;
  }
}

const hasCode =
  (code: number) =>
  (error: unknown): boolean =>
    error instanceof CriError && error.code === code;
export const isCriNotFound = hasCode(grpc.status.NOT_FOUND);
export const isCriExists = hasCode(grpc.status.ALREADY_EXISTS);
export const isCriTimeout = hasCode(grpc.status.DEADLINE_EXCEEDED);

export type Call = <R>(method: string, request: object, options?: CallOptions) => Promise<R>;

export interface Services {
  /** Text and package of the messages, names of the services in it. */
  proto: string;
  package: string;
  services: readonly string[];
  /** Sent with every call. */
  headers?: Readonly<Record<string, string>>;
}

/** Connects lazily to `unix://<socket>`; every call rejects with `CriError`. */
export function connect(socket: string, services: Services): { call: Call; close(): void } {
  const options = {
    "grpc.max_receive_message_length": MESSAGE_LIMIT,
    "grpc.max_send_message_length": MESSAGE_LIMIT,
    // A restarted runtime is found again at once, not after a minute.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc.enable_retries": 0,
    "grpc.default_authority": "localhost",
  };
  const service = definitionOf(services);
  const Client = grpc.makeGenericClientConstructor(service, "cri");
  const client = new Client(`unix://${socket}`, grpc.credentials.createInsecure(), options);
  const metadata = grpc.Metadata.fromHttp2Headers(services.headers ?? {});
  const call: Call = (method, request, { timeoutMs = CALL_TIMEOUT_MS, signal } = {}) => {
    const { path, requestSerialize, responseDeserialize } = service[method]!;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const deadline = realClock.now() + timeoutMs;
      const stop = () => running.cancel();
      const running = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline },
        (error, answer) => {
          signal?.removeEventListener("abort", stop);
          if (error) reject(new CriError(method, error.code, error.details || error.message));
          else resolve(answer);
        },
      );
      signal?.addEventListener("abort", stop, { once: true });
    });
  };
  return { call, close: () => client.close() };
}

const definitions = new Map<string, grpc.ServiceDefinition>();

/** Read once: connections come and go. */
function definitionOf({ proto, package: name, services }: Services): grpc.ServiceDefinition {
  let definition = definitions.get(proto);
  if (!definition) {
    const all = fromJSON(parseProto(proto, name), { keepCase: true, longs: Number, enums: String, defaults: true });
    definition = Object.assign({}, ...services.map((one) => all[`${name}.${one}`])) as grpc.ServiceDefinition;
    definitions.set(proto, definition);
  }
  return definition;
}
