/**
 * The decision of the proxy, apart from any rule language: which endpoints a port's traffic may reach from this node, and
 * what happens where there is none.
 *
 * Traffic is *internal* (to the cluster address) or *external* (to node ports, external and load balancer addresses); each
 * has a policy: Cluster may use every endpoint, Local only those on this node.
 */
import type { Endpoint, ServicePort } from "./service-port.ts";

/** Where traffic of one kind goes: to an endpoint list, or nowhere. */
export type Target = "cluster" | "local" | "reject" | "drop";

export interface PortPlan {
  port: ServicePort;
  /** Endpoints of the Cluster policy; empty where nothing uses them. */
  cluster: readonly Endpoint[];
  /** Endpoints of the Local policy; empty where nothing uses them. */
  local: readonly Endpoint[];
  /** Both, each once. */
  reachable: readonly Endpoint[];
  internal: Target;
  external: Target;
  /** External destinations need rules: pods and the node itself reach every endpoint even where `external` is a drop. */
  servesExternal: boolean;
}

export interface NodeTopology {
  nodeName: string;
  /** The node's label topology.kubernetes.io/zone. */
  zone?: string;
}

/** @source pkg/proxy/topology.go and the endpoint part of pkg/proxy/nftables/proxier.go at v1.36 */
export function planPort(port: ServicePort, node: NodeTopology): PortPlan {
  const accessible = port.nodePort !== 0 || port.externalIps.length > 0 || port.loadBalancerIps.length > 0;
  const usesCluster = !port.internalPolicyLocal || accessible;
  const usesLocal = port.internalPolicyLocal || (port.externalPolicyLocal && accessible);

  const cluster = usesCluster ? usable(port.endpoints, topologyFilter(port.endpoints, node)) : [];
  const local = usesLocal ? usable(port.endpoints.filter((endpoint) => endpoint.local)) : [];
  const anywhere = cluster.length > 0 || usable(port.endpoints).length > 0;
  const target = (policyLocal: boolean): Target => {
    if (!anywhere) return "reject";
    if (!policyLocal) return "cluster";
    return local.length ? "local" : "drop";
  };
  return {
    port,
    cluster,
    local,
    reachable: [...cluster, ...local.filter((endpoint) => !cluster.includes(endpoint))],
    internal: target(port.internalPolicyLocal),
    external: target(port.externalPolicyLocal),
    servesExternal: anywhere && accessible,
  };
}

/** Ready endpoints; where there is none, those that still serve while they end. */
function usable(endpoints: readonly Endpoint[], near: (endpoint: Endpoint) => boolean = () => true): Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready && near(endpoint));
  return ready.length ? ready : endpoints.filter((endpoint) => endpoint.serving && endpoint.terminating);
}

/**
 * Hints narrow the choice to this node, else to this zone, but only when every ready endpoint carries one and at least one
 * is meant for here: a half-written set of hints must not overload a few.
 */
function topologyFilter(endpoints: readonly Endpoint[], { nodeName, zone = "" }: NodeTopology): (endpoint: Endpoint) => boolean {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  if (!ready.length) return () => true;
  const here = (endpoint: Endpoint) => endpoint.nodes.includes(nodeName);
  if (ready.every((endpoint) => endpoint.nodes.length) && ready.some(here)) return here;
  const inZone = (endpoint: Endpoint) => endpoint.zones.includes(zone);
  if (ready.every((endpoint) => endpoint.zones.length) && ready.some(inZone)) return inZone;
  return () => true;
}
