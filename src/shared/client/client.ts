/** The typed client: turns calls on kinds into requests, whatever transport carries them. */
import type { Kind } from "../api/kind.ts";
import { groupVersionOf, type Draft, type KubeList, type KubeObject } from "../apimachinery/meta.ts";
import { invariant } from "../lib/invariant.ts";
import { resourcePath } from "./paths.ts";
import type {
  ApiRequest,
  Client,
  DeleteOptions,
  ListOptions,
  ObjectName,
  PatchType,
  Transport,
  WatchEvent,
  WriteOptions,
} from "./types.ts";

const patchContentType: Record<PatchType, string> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

const noHeaders = {};

export function createClient(transport: Transport): Client {
  const send = async <R>(request: ApiRequest): Promise<R> => (await transport.request(request)).body as R;

  function write<T extends KubeObject>(
    kind: Kind<T>,
    method: "POST" | "PUT",
    object: Draft<T>,
    options: WriteOptions,
    subresource?: string,
  ) {
    const { namespace, name } = object.metadata as ObjectName;
    invariant(method === "POST" || name, `an update of ${kind.kind} needs metadata.name`);
    return send<T>({
      method,
      path: resourcePath(kind, namespace, method === "PUT" ? name : undefined, subresource),
      query: writeQuery(options),
      body: { ...object, apiVersion: groupVersionOf(kind), kind: kind.kind },
      ...(options.signal && { signal: options.signal }),
    });
  }

  return {
    transport,
    get: (kind, name) => send({ method: "GET", path: resourcePath(kind, name.namespace, name.name) }),
    list: <T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}) =>
      send<KubeList<T>>({
        method: "GET",
        path: resourcePath(kind, options.namespace),
        query: listQuery(options),
        ...signalOf(options),
      }),
    create: (kind, object, options = {}) => write(kind, "POST", object, options),
    update: (kind, object, options = {}) => write(kind, "PUT", object, options),
    updateStatus: (kind, object, options = {}) => write(kind, "PUT", object, options, "status"),
    patch: (kind, name, type, patch, options = {}) =>
      send({
        method: "PATCH",
        path: resourcePath(kind, name.namespace, name.name, options.subresource),
        query: { ...writeQuery(options), force: options.force ? "true" : undefined },
        headers: { "content-type": patchContentType[type] },
        body: patch,
        ...signalOf(options),
      }),
    delete: (kind, name, options = {}) =>
      send({
        method: "DELETE",
        path: resourcePath(kind, name.namespace, name.name),
        ...deleteBody(options),
        ...signalOf(options),
      }),
    async deleteCollection(kind, options = {}) {
      const path = resourcePath(kind, options.namespace);
      await send({ method: "DELETE", path, query: listQuery(options), ...deleteBody(options), ...signalOf(options) });
    },
    subresource: (kind, name, subresource, request = {}) =>
      send({
        method: request.method ?? "POST",
        path: resourcePath(kind, name.namespace, name.name, subresource),
        ...(request.query && { query: request.query }),
        ...(request.body !== undefined && { body: request.body }),
      }),
    watch: <T extends KubeObject>(kind: Kind<T>, options: ListOptions & { allowBookmarks?: boolean } = {}) =>
      transport.watch({
        method: "GET",
        path: resourcePath(kind, options.namespace),
        query: { ...listQuery(options), watch: "true", allowWatchBookmarks: options.allowBookmarks ? "true" : undefined },
        headers: noHeaders,
        ...signalOf(options),
      }) as AsyncIterable<WatchEvent<T>>,
  };
}

const signalOf = ({ signal }: { signal?: AbortSignal }) => signal && { signal };

function writeQuery(options: WriteOptions): ApiRequest["query"] {
  return {
    dryRun: options.dryRun ? "All" : undefined,
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
  };
}

function listQuery(options: ListOptions): ApiRequest["query"] {
  return {
    labelSelector: options.labelSelector || undefined,
    fieldSelector: options.fieldSelector || undefined,
    limit: options.limit ? String(options.limit) : undefined,
    continue: options.continue || undefined,
    resourceVersion: options.resourceVersion,
    resourceVersionMatch: options.resourceVersionMatch,
  };
}

/** DeleteOptions travel in the body; without any, the body is left out. */
function deleteBody(options: DeleteOptions): { body?: unknown } {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  if (gracePeriodSeconds === undefined && !propagationPolicy && !preconditions && !dryRun) return {};
  return {
    body: {
      apiVersion: "v1",
      kind: "DeleteOptions",
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      ...(propagationPolicy && { propagationPolicy }),
      ...(preconditions && { preconditions }),
      ...(dryRun && { dryRun: ["All"] }),
    },
  };
}
