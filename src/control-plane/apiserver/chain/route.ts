/** From a parsed path to what serves it; upstream's 404 and 405 where nothing does. */
import type { SubresourceFacts } from "../../../shared/api/kind.ts";
import { apiError, methodNotSupported, notFound } from "../../../shared/apimachinery/errors.ts";
import type { ResourceTable, Served } from "../registry/resources.ts";
import type { RequestInfo } from "./request-info.ts";

export interface Route {
  served: Served;
  subresource: SubresourceFacts | undefined;
}

export const noSuchResource = () => apiError(404, "NotFound", "the server could not find the requested resource", {});
export const noSuchMethod = () =>
  apiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

/** undefined: the group version is unknown. */
export function route(resources: ResourceTable, info: RequestInfo, method: string): Route {
  if (info.verb === "proxy") throw noSuchResource();
  const served = resources.find(info.group, info.version, info.resource);
  if (!served || !scopeFits(info, served)) throw noSuchResource();
  const subresource = info.subresource ? served.kind.subresources.find((s) => s.name === info.subresource) : undefined;
  if (info.subresource && !subresource) throw served.kind.schema.dynamic ? notFound(served.ref, info.name) : noSuchResource();
  if (info.rest && !subresource?.path) throw noSuchResource();
  const allowed = subresource?.verbs ?? served.kind.verbs;
  const verb = info.verb;
  if (info.legacyWatch && method !== "GET") throw noSuchMethod();
  // What can only be created has no names.
  if (info.name && !subresource && !allowed.some((v) => NAMED.has(v))) throw noSuchResource();
  if (verb === "watch" && allowed.includes("list") && !allowed.includes("watch")) throw methodNotSupported(served.ref, "watch");
  // A proxy takes every method; what the backend makes of it is its own.
  if (subresource?.path) return { served, subresource };
  if (served.kind.schema.dynamic && methods.has(method) && !allowed.includes(verb)) throw methodNotSupported(served.ref, verb);
  if (verb === "create" && served.kind.closing) throw closing(served);
  if (!methods.has(method) || !allowed.includes(verb)) throw noSuchMethod();
  if (!info.name && (verb === "update" || verb === "patch")) throw noSuchMethod();
  if (info.name && !subresource && verb === "create" && !served.kind.schema.dynamic) throw noSuchMethod();
  // Over all namespaces objects can only be listed and watched.
  if (served.kind.scope === "Namespaced" && !info.namespace && verb !== "list" && verb !== "watch") throw noSuchMethod();
  return { served, subresource };
}

const NAMED = new Set(["get", "update", "patch", "delete"]);
function closing({ ref }: Served) {
  const error = methodNotSupported(ref, "create");
  error.status.message = "create not allowed while custom resource definition is terminating";
  return error;
}

const methods = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);

export function scopeFits(info: RequestInfo, served: Served): boolean {
  if (served.kind.scope === "Namespaced") return Boolean(info.namespace) || !info.name;
  return !info.namespace || (info.resource === "namespaces" && info.name === info.namespace);
}
