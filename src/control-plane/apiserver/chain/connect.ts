/** Subresources that are streams or proxies: a backend answers, and its bytes are passed on. */
import { notImplemented } from "../../../shared/apimachinery/errors.ts";
import type { Core } from "../core.ts";
import type { ConnectContext, ConnectResource, UserInfo } from "../types.ts";
import { failure, plainJson } from "./failure.ts";
import type { RequestInfo } from "./request-info.ts";
import type { Route } from "./route.ts";
import type { Answer, Incoming } from "./types.ts";

export function connectResourceOf(core: Core, { served, subresource }: Route): ConnectResource | undefined {
  return subresource && core.connects[`${served.kind.group}/${served.kind.plural}/${subresource.name}`];
}

/** undefined: the subresource is none of these. */
export function connect(
  core: Core,
  request: Incoming,
  info: RequestInfo,
  user: UserInfo,
  route: Route,
): Promise<Answer> | undefined {
  const resource = connectResourceOf(core, route);
  if (!resource && !route.subresource?.connect) return undefined;
  if (!resource?.request) throw notImplemented(`${info.resource}/${info.subresource} is not served here`);
  return resource.request(connectContext(core, request, info, user)).then(
    (answer) => ({ result: { type: "stream", answer }, format: plainJson, warnings: [] }),
    (error: unknown) => failure(error),
  );
}

export function connectContext(core: Core, request: Incoming, info: RequestInfo, user: UserInfo): ConnectContext {
  const { namespace, name } = info;
  const { method, query, headers } = request;
  return {
    server: core.context,
    user,
    namespace,
    name,
    method,
    path: request.path,
    // As it was sent: a proxied path keeps its escapes and its last slash.
    rest: /^\/(?:[^/]*\/)*?proxy(\/.*)$/.exec(afterName(request.path, info))?.[1] ?? "",
    query,
    headers,
    body: (limit) => request.body(limit),
    get signal() {
      return request.signal;
    },
  };
}

function afterName(path: string, { subresource }: RequestInfo): string {
  return subresource === "proxy" ? path : "";
}
