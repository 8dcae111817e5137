/**
 * What a path asks for: `/apis/apps/v1/namespaces/default/deployments/a/status` → group, version, namespace, resource, name,
 * subresource, verb.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go v1.36
 */
export interface RequestInfo {
  isResource: boolean;
  path: string;
  verb: string;
  /** "api" or "apis" */
  apiPrefix: string;
  group: string;
  version: string;
  namespace: string;
  resource: string;
  name: string;
  subresource: string;
  /** Everything after the subresource, for proxies. */
  rest: string;
  /** The deprecated `/watch/` prefix was used. */
  legacyWatch: boolean;
}

const namespaceSubresources = new Set(["status", "finalize"]);

const verbs: Record<string, string> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

export function parseRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const info: RequestInfo = {
    isResource: false,
    path,
    verb: method.toLowerCase(),
    apiPrefix: "",
    group: "",
    version: "",
    namespace: "",
    resource: "",
    name: "",
    subresource: "",
    rest: "",
    legacyWatch: false,
  };
  let parts = trimSlashes(path).split("/");
  const prefix = parts[0];
  if (parts.length < 3 || (prefix !== "api" && prefix !== "apis")) return info;
  if (prefix === "apis") {
    if (parts.length < 4) return info;
    info.group = parts[1]!;
    info.version = parts[2]!;
    parts = parts.slice(3);
  } else {
    info.version = parts[1]!;
    parts = parts.slice(2);
  }
  info.apiPrefix = prefix;
  info.isResource = true;
  info.verb = verbs[method] ?? "";
  if (parts[0] === "watch" || parts[0] === "proxy") {
    if (parts.length < 2) return { ...info, isResource: false, verb: method.toLowerCase() };
    info.legacyWatch = parts[0] === "watch";
    info.verb = parts[0];
    parts = parts.slice(1);
  }
  locate(info, parts.map(decode));
  if (info.name === "" && info.verb === "get") info.verb = isWatch(query) ? "watch" : "list";
  else if (info.name === "" && info.verb === "delete") info.verb = "deletecollection";
  return info;
}

function locate(info: RequestInfo, parts: string[]): void {
  if (parts[0] === "namespaces" && parts.length > 1) {
    info.namespace = parts[1]!;
    // A namespace is an object of its own, too, and has subresources of its own.
    if (parts.length > 2 && !namespaceSubresources.has(parts[2]!)) parts = parts.slice(2);
  }
  info.resource = parts[0] ?? "";
  info.name = parts[1] ?? "";
  info.subresource = parts[2] ?? "";
  info.rest = parts.slice(3).join("/");
}

/** Empty parts inside a path count: `namespaces//configmaps` is all namespaces. */
function trimSlashes(path: string): string {
  let from = 0;
  let to = path.length;
  while (from < to && path[from] === "/") from++;
  while (to > from && path[to - 1] === "/") to--;
  return path.slice(from, to);
}

function decode(part: string): string {
  if (!part.includes("%")) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** `watch`, `watch=1`, `watch=maybe`: anything but 0 and false. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}

function isWatch(query: URLSearchParams): boolean {
  return isTrue(query, "watch");
}
