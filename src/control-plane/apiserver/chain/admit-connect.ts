/**
 * Admission of a stream or a proxy. What is admitted are the options of the request, as an object of their own kind; what a plugin
 * makes of them is what the backend is asked.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go v1.36
 */
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { Core } from "../core.ts";
import type { AdmissionAttributes, ConnectContext } from "../types.ts";
import type { Served } from "../registry/resources.ts";
import { isTrue } from "./request-info.ts";

type Options = Record<string, unknown>;
type Query = URLSearchParams;

interface OptionsKind {
  kind: string;
  read(query: Query, path: string): Options;
}

const STREAMS = ["stdin", "stdout", "stderr", "tty"];

const KINDS: Record<string, OptionsKind> = {
  "pods/exec": { kind: "PodExecOptions", read: (query) => ({ ...streams(query), ...list(query, "command") }) },
  "pods/attach": { kind: "PodAttachOptions", read: streams },
  "pods/portforward": { kind: "PodPortForwardOptions", read: ports },
  "pods/proxy": { kind: "PodProxyOptions", read: proxied },
  "services/proxy": { kind: "ServiceProxyOptions", read: proxied },
  "nodes/proxy": { kind: "NodeProxyOptions", read: proxied },
};

/** The context the backend is asked with. Logs and whatever else is only read are not subject to admission. */
export async function admitConnect(
  core: Core,
  { kind }: Served,
  subresource: string,
  context: ConnectContext,
): Promise<ConnectContext> {
  const wanted = kind.group === "" ? KINDS[`${kind.plural}/${subresource}`] : undefined;
  if (!wanted) return context;
  if (context.query.getAll("dryRun").some((value) => value !== "")) throw badRequest("dryRun is not supported");
  const read = () => ({ kind: wanted.kind, apiVersion: "v1", ...wanted.read(context.query, context.rest) });
  const object = read() as Options as unknown as KubeObject;
  const before = JSON.stringify(object);
  const { namespace, name, user } = context;
  const attributes: AdmissionAttributes = {
    operation: "CONNECT",
    kind,
    subresource,
    namespace,
    name,
    object,
    oldObject: undefined,
    options: {},
    user,
    dryRun: false,
    warn() {},
  };
  for (const plugin of core.admission) if (plugin.handles(attributes)) await plugin.admit?.(attributes, core.context);
  for (const plugin of core.admission) if (plugin.handles(attributes)) await plugin.validate?.(attributes, core.context);
  if (JSON.stringify(object) === before) return context;
  return changed(context, object as unknown as Options);
}

/** Not a spread: the signal of a context is made on demand. */
function changed(context: ConnectContext, options: Options): ConnectContext {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) {
    if (name === "kind" || name === "apiVersion" || name === "path") continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const rest = typeof options.path === "string" ? options.path : context.rest;
  return Object.create(context, {
    query: { value: context.rest ? context.query : query, enumerable: true },
    rest: { value: rest, enumerable: true },
  }) as ConnectContext;
}

function streams(query: Query): Options {
  const on = STREAMS.filter((name) => isTrue(query, name));
  return {
    ...Object.fromEntries(on.map((name) => [name, true])),
    ...(query.get("container") && { container: query.get("container") }),
  };
}

function list(query: Query, name: string): Options {
  const values = query.getAll(name);
  return values.length > 0 ? { [name]: values } : {};
}

function ports(query: Query): Options {
  const values = query.getAll("ports").flatMap((text) => text.split(","));
  return values.length > 0 ? { ports: values.map(Number) } : {};
}

function proxied(query: Query, path: string): Options {
  const given = path || query.get("path");
  return given ? { path: given } : {};
}
