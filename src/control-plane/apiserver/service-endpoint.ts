/**
 * Where a Service's port is reached from this process: one of its ready endpoints, else its cluster address. The host of the server may
 * have no rules for cluster addresses.
 */
import { EndpointSlice, Service } from "../../shared/api/index.ts";
import type { ServerContext } from "./types.ts";

export interface Endpoint {
  host: string;
  port: number;
}

/** Throws with upstream's text where there is none. `turn` picks among several. */
export function serviceEndpoint(server: ServerContext, namespace: string, name: string, port: number, turn: number): Endpoint {
  const service = server.cache(Service).get(`${namespace}/${name}`);
  if (!service) throw new Error(`service ${JSON.stringify(name)} not found`);
  if (service.spec.type === "ExternalName") return { host: service.spec.externalName ?? "", port };
  const entry = service.spec.ports?.find((p) => p.port === port);
  if (!entry) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const ready = endpointsOf(server, namespace, name, entry.name ?? "");
  if (ready.length) return ready[turn % ready.length]!;
  const { clusterIP } = service.spec;
  if (service.spec.selector || !clusterIP || clusterIP === "None")
    throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
  return { host: clusterIP, port };
}

function endpointsOf(server: ServerContext, namespace: string, name: string, portName: string): Endpoint[] {
  const found: Endpoint[] = [];
  for (const { metadata, ports, endpoints } of server.cache(EndpointSlice).list()) {
    if (metadata.namespace !== namespace || metadata.labels?.["kubernetes.io/service-name"] !== name) continue;
    const port = ports?.find((p) => (p.name ?? "") === portName)?.port;
    for (const { addresses, conditions } of (port ? endpoints : undefined) ?? []) {
      if (conditions?.ready !== false && addresses?.[0]) found.push({ host: addresses[0], port: port! });
    }
  }
  return found;
}
