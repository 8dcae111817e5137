/** Node ports of a Service: who needs them, and what stays when a client leaves them out. */
import type { Service } from "../generated/core-v1.ts";

type Spec = Service["spec"];

/** Its type allows node ports. */
export const hasNodePorts = ({ type }: Spec) => type === "NodePort" || type === "LoadBalancer";
/** A port without a node port is given one. */
export const needsNodePort = (spec: Spec) =>
  spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
export const needsHealthCheck = ({ type, externalTrafficPolicy }: Spec) =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local";
export const isExternallyAccessible = ({ type, externalIPs }: Spec) =>
  type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && (externalIPs?.length ?? 0) > 0);

export function nodePortsOf({ ports = [] }: Spec): number[] {
  return ports.flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));
}

/** A port that is still there keeps its node port, by name, unless another one took it. */
export function keepNodePorts(spec: Spec, old: Spec): void {
  if (!needsNodePort(spec) || !needsNodePort(old)) return;
  const kept = new Set(nodePortsOf(old).filter((port) => nodePortsOf(spec).includes(port)));
  const byName = new Map((old.ports ?? []).map(({ name = "", nodePort }) => [name, nodePort]));
  for (const port of spec.ports ?? []) {
    const known = port.nodePort ? undefined : byName.get(port.name ?? "");
    if (known && !kept.has(known)) port.nodePort = known;
  }
}
