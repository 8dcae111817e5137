/**
 * What an update of a Service takes over from the stored one, and what it takes away.
 *
 * @source pkg/registry/core/service/{strategy.go,storage/storage.go} v1.36
 */
import type { Service } from "../generated/core-v1.ts";
import { needsClusterIP, sameClusterIPs, sameList } from "./service-addresses.ts";
import { isExternallyAccessible, hasNodePorts, keepNodePorts, needsHealthCheck, nodePortsOf } from "./service-ports.ts";

type Spec = Service["spec"];

/** What a client leaves out that was chosen for it stays. */
export function keepAllocated(spec: Spec, old: Spec): void {
  if (needsClusterIP(spec) && needsClusterIP(old)) {
    spec.clusterIP ||= old.clusterIP;
    if (!spec.clusterIPs?.length && old.clusterIPs) spec.clusterIPs = [...old.clusterIPs];
  }
  keepNodePorts(spec, old);
  if (needsHealthCheck(spec) && needsHealthCheck(old)) spec.healthCheckNodePort ||= old.healthCheckNodePort;
}

/**
 * A change of type takes along what the new type does not have, as far as the client left it as it was: it may have been filled in for
 * it. What the client did change is for validation to refuse.
 */
export function dropWhatTypeHasNot(spec: Spec, old: Spec): void {
  if (needsClusterIP(old) && !needsClusterIP(spec)) {
    if (sameClusterIPs(old, spec)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (sameList(old.ipFamilies, spec.ipFamilies)) delete spec.ipFamilies;
    if (old.ipFamilyPolicy === spec.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  const known = new Set(nodePortsOf(old));
  if (hasNodePorts(old) && !hasNodePorts(spec) && nodePortsOf(spec).every((port) => known.has(port)))
    for (const port of spec.ports ?? []) delete port.nodePort;
  if (needsHealthCheck(old) && !needsHealthCheck(spec) && old.healthCheckNodePort === spec.healthCheckNodePort)
    delete spec.healthCheckNodePort;
  if (old.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    if (old.allocateLoadBalancerNodePorts === spec.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts;
    if (old.loadBalancerClass === spec.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec) && old.externalTrafficPolicy === spec.externalTrafficPolicy)
    delete spec.externalTrafficPolicy;
}
