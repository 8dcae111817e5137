/**
 * The in-process transport: the same chain after TLS, as a given user, with objects by reference instead of bytes.
 *
 * What it hands out is frozen where it comes from the cache. `sharedCache` is a live view of the watch cache.
 */
import type { Kind } from "../../shared/api/kind.ts";
import { ApiError, forbiddenError, type Status } from "../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../shared/apimachinery/meta.ts";
import type { ApiRequest, ApiResponse, SharedCache, Transport, WatchEvent } from "../../shared/client/types.ts";
import type { ResourceCache } from "./cache/resource-cache.ts";
import type { Answer, Handler, Incoming, OutgoingEvent, Result } from "./chain/types.ts";
import type { Core } from "./core.ts";
import { encode } from "./negotiation/encode.ts";
import { objectOf } from "./registry/convert.ts";
import { storeKey, type Served } from "./registry/resources.ts";
import type { UserInfo } from "./types.ts";

/** `userAgent`: the component, as `managedFields` and logs name it. */
export function inProcessTransport(core: Core, handler: Handler, user: UserInfo, userAgent: string): Transport {
  const closed = new AbortController();
  const ask = (request: ApiRequest, query = queryOf(request)): Promise<Answer> =>
    Promise.resolve(handler(incomingOf(request, query, user, userAgent, closed.signal)));
  return {
    async request(request) {
      const answer = await ask(request);
      const response = await responseOf(answer);
      if (isFailure(response)) throw new ApiError(response.body as Status);
      return response;
    },
    async *watch(request) {
      const query = queryOf(request);
      query.set("watch", "true");
      const { result } = await ask(request, query);
      if (result.type !== "watch") {
        if (result.type === "object") throw new ApiError(result.object as Status);
        throw new Error(`${request.path} is nothing to watch`);
      }
      yield* eventsOf(result, request.signal ? AbortSignal.any([request.signal, closed.signal]) : closed.signal);
    },
    async sharedCache<T extends KubeObject>(kind: Kind<T>): Promise<SharedCache<T> | undefined> {
      const served = core.resources.of(kind);
      for (const verb of ["list", "watch"]) await allow(core, user, verb, served);
      return served.resource.convertsByWebhook ? undefined : sharedCacheOf<T>(served);
    },
    close: () => closed.abort(),
  };
}

function incomingOf(
  request: ApiRequest,
  query: URLSearchParams,
  user: UserInfo,
  userAgent: string,
  signal: AbortSignal,
): Incoming {
  return {
    method: request.method,
    path: request.path,
    query,
    headers: { "user-agent": userAgent, ...lowerCase(request.headers) },
    object: request.body,
    body: async () => (request.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(request.body))),
    user,
    remoteAddress: "127.0.0.1",
    signal: request.signal ?? signal,
  };
}

function lowerCase(headers: ApiRequest["headers"]): Record<string, string> {
  if (!headers) return {};
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function queryOf(request: ApiRequest): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {}))
    for (const one of [value ?? []].flat()) query.append(name, one);
  return query;
}

async function responseOf(answer: Answer): Promise<ApiResponse> {
  const { result } = answer;
  const headers = { ...answer.headers, "content-type": answer.format.contentType };
  if (answer.format.as || answer.format.media !== "json") return encodedResponse(answer);
  switch (result.type) {
    case "entry":
      return { code: result.code, headers, body: await objectOf(result.entry, result.served) };
    case "object":
      return { code: result.code, headers, body: result.object };
    case "list": {
      const { kind } = result.served;
      const items = await Promise.all(result.entries.map((e) => objectOf(e, result.served)));
      return {
        code: 200,
        headers,
        body: { kind: kind.listKind ?? `${kind.kind}List`, apiVersion: kind.groupVersion, metadata: result.meta, items },
      };
    }
    default:
      return encodedResponse(answer);
  }
}

/** As a remote client would see it. */
async function encodedResponse(answer: Answer): Promise<ApiResponse> {
  const encoded = await encode(answer);
  const parts: Uint8Array[] = [];
  if (encoded.chunks) for (let c = encoded.chunks.next(); !c.done; c = encoded.chunks.next()) parts.push(c.value);
  else if (encoded.stream) for await (const chunk of encoded.stream) parts.push(chunk as Uint8Array);
  else parts.push(Buffer.from(encoded.body ?? ""));
  const bytes = Buffer.concat(parts);
  const headers = Object.fromEntries(Object.entries(encoded.headers).map(([name, value]) => [name, String(value)]));
  const json = (headers["content-type"] ?? "").startsWith("application/json");
  return { code: encoded.code, headers, body: json ? JSON.parse(bytes.toString()) : bytes.toString() };
}

function isFailure(response: ApiResponse): boolean {
  return response.code >= 400 && (response.body as Status | undefined)?.kind === "Status";
}

async function* eventsOf(result: Extract<Result, { type: "watch" }>, signal: AbortSignal): AsyncGenerator<WatchEvent> {
  const queue: OutgoingEvent[] = [];
  let ended = false;
  let wake = () => {};
  const stop = result.start({
    send(event) {
      queue.push(event);
      wake();
      return true;
    },
    end() {
      ended = true;
      wake();
    },
  });
  const abort = () => wake();
  signal.addEventListener("abort", abort);
  try {
    while (!signal.aborted) {
      for (const event of queue.splice(0)) {
        if (event.type === "ERROR") throw new ApiError(event.object as Status);
        const object = event.entry ? await objectOf(event.entry, result.served) : (event.object as KubeObject);
        yield { type: event.type, object };
        if (signal.aborted) return;
      }
      if (queue.length) continue;
      if (ended) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal.removeEventListener("abort", abort);
    stop();
  }
}

async function allow(core: Core, user: UserInfo, verb: string, served: Served): Promise<void> {
  const { group, version, plural } = served.kind;
  const decision = await core.authorizer.authorize({
    user,
    verb,
    resourceRequest: true,
    path: "",
    group,
    version,
    resource: plural,
    subresource: "",
    namespace: "",
    name: "",
  });
  if (decision.decision === "allow") return;
  throw forbiddenError(
    served.ref,
    "",
    `User ${JSON.stringify(user.name)} cannot ${verb} resource "${plural}" in API group "${group}" at the cluster scope`,
  );
}

/** The watch cache of a kind as in-process readers see it: keyed by `namespace/name`. */
export function sharedCacheOf<T extends KubeObject>(served: Served): SharedCache<T> {
  const { resource } = served;
  const cache: ResourceCache = resource.cache;
  cache.keepObjects = true;
  const read = (entry: Parameters<typeof objectOf>[0]) => objectOf(entry, served) as T;
  return {
    get(key) {
      const slash = key.indexOf("/");
      const entry = cache.get(
        slash < 0 ? storeKey(resource, "", key) : storeKey(resource, key.slice(0, slash), key.slice(slash + 1)),
      );
      return entry && read(entry);
    },
    *list() {
      for (const entry of cache.values()) yield read(entry);
    },
    size: () => cache.size,
    subscribe: (handler) => cache.listen((change) => handler(change.type, read(change.entry), change.prev && read(change.prev))),
  };
}
