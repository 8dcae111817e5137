/** Subresources that are streams or proxies: a backend answers, and its bytes are passed on. */
import { forbiddenError, notImplemented } from "../../../shared/apimachinery/errors.ts";
import type { Core } from "../core.ts";
import type { ConnectContext, ConnectResource, UserInfo } from "../types.ts";
import { admitConnect } from "./admit-connect.ts";
import { accessOf } from "./authorize.ts";
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
  const { request: ask } = resource;
  return mayChange(core, info, user)
    .then(() => admitConnect(core, route.served, info.subresource, connectContext(core, request, info, user)))
    .then(ask)
    .then(
      (answer) => ({ result: { type: "stream", answer }, format: plainJson, warnings: [] }),
      (error: unknown) => failure(error),
    );
}

const CHANGING = new Set(["exec", "attach", "portforward"]);

/** A stream into a container changes it, whatever the method of the request that opens it. Upstream gives no reason. */
export async function mayChange(core: Core, info: RequestInfo, user: UserInfo): Promise<void> {
  if (info.verb !== "get" || !CHANGING.has(info.subresource)) return;
  const { decision } = await core.authorizer.authorize(accessOf({ ...info, verb: "create" }, user));
  if (decision !== "allow") throw forbiddenError({ group: info.group, resource: info.resource }, info.name, "");
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
