/**
 * Whether an aggregated server can be reached, and what it serves: the condition Available.
 *
 * @source staging/src/k8s.io/kube-aggregator/pkg/controllers/status/remote v1.36
 */
import { EndpointSlice, Service, type APIService } from "../../../shared/api/index.ts";
import type { ServerContext, UserInfo } from "../types.ts";
import { endpointOf, sendTo, type FrontProxyCredentials } from "./remote.ts";

export interface Availability {
  status: "True" | "False";
  reason: string;
  message: string;
  /** What the server's list of resources holds. */
  resources?: RemoteResource[];
}

/** An entry of an APIResourceList. */
export interface RemoteResource {
  name: string;
  singularName?: string;
  namespaced?: boolean;
  group?: string;
  version?: string;
  kind: string;
  verbs?: string[];
  shortNames?: string[];
  categories?: string[];
}

const TIMEOUT_MS = 5000;
const asker: UserInfo = { name: "system:kube-aggregator", groups: ["system:masters"] };

const no = (reason: string, message: string): Availability => ({ status: "False", reason, message });

export async function availabilityOf(
  api: APIService,
  server: ServerContext,
  credentials: FrontProxyCredentials | undefined,
): Promise<Availability> {
  const { group, version, service } = api.spec;
  const { namespace = "", name = "", port = 443 } = service!;
  const found = server.cache(Service).get(`${namespace}/${name}`);
  if (!found) return no("ServiceNotFound", `service/${name} in "${namespace}" is not present`);
  const entry = found.spec.ports?.find((p) => p.port === port);
  if (found.spec.type === "ClusterIP" && !entry)
    return no("ServicePortError", `service/${name} in "${namespace}" is not listening on port ${port}`);
  if (found.spec.type === "ClusterIP" && !hasEndpoint(server, namespace, name, entry!.name ?? ""))
    return no(
      "MissingEndpoints",
      `endpointslices for service/${name} in "${namespace}" have no addresses with port name "${entry!.name ?? ""}"`,
    );
  const path = `/apis/${group}/${version}`;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const endpoint = endpointOf(api, server, Math.floor(server.now()));
    const url = `https://${endpoint.host}:${endpoint.port}${path}`;
    const request = { method: "GET", path, headers: { accept: "application/json" }, user: asker, signal };
    const answer = await sendTo(api, endpoint, credentials, request).catch((error: Error) => {
      throw new Error(`failing or missing response from ${url}: Get ${JSON.stringify(url)}: ${error.message}`, { cause: error });
    });
    let text = "";
    for await (const chunk of answer.setEncoding("utf8")) text += chunk as string;
    if (answer.statusCode! < 200 || answer.statusCode! > 299)
      return no("FailedDiscoveryCheck", `failing or missing response from ${url}: bad status from ${url}: ${answer.statusCode}`);
    const { resources = [] } = JSON.parse(text) as { resources?: RemoteResource[] };
    return { status: "True", reason: "Passed", message: "all checks passed", resources };
  } catch (error) {
    return no("FailedDiscoveryCheck", (error as Error).message);
  }
}

function hasEndpoint(server: ServerContext, namespace: string, name: string, portName: string): boolean {
  for (const { metadata, ports, endpoints } of server.cache(EndpointSlice).list()) {
    if (metadata.namespace !== namespace || metadata.labels?.["kubernetes.io/service-name"] !== name) continue;
    if (!ports?.some((p) => (p.name ?? "") === portName)) continue;
    if (endpoints?.some(({ addresses, conditions }) => addresses?.length && conditions?.ready !== false)) return true;
  }
  return false;
}
