/**
 * What NetworkPolicies mean for the pods of one node. Pure.
 *
 * A pod that a policy selects is isolated in the directions of that policy: only what some policy allows passes. Several
 * policies add up. Answers to what was allowed pass; the node itself always reaches its pods.
 */
import type { Namespace, NetworkPolicy, Pod } from "../../../shared/api/index.ts";
import { selectorFromObject } from "../../../shared/apimachinery/index.ts";
import { formatCidr, parseCidr, parseIp } from "../../../shared/lib/ip.ts";

export type Direction = "ingress" | "egress";

/** Traffic that one rule of a policy lets through; each absent part means any. */
export interface Allowed {
  /** Addresses of pods at the other end. */
  pods?: readonly string[];
  /** A range at the other end, without some. */
  range?: { cidr: string; except: readonly string[] };
  protocol?: "tcp" | "udp" | "sctp";
  /** `[first, last]` at the destination. */
  ports?: readonly [number, number];
  /** A named port: what it is at each destination that has it, `address . number`. */
  named?: readonly string[];
}

export interface IsolatedPod {
  ip: string;
  /** `namespace/name` of the policies that select it. */
  policies: readonly string[];
}

export interface PolicyPlan {
  isolated: Record<Direction, IsolatedPod[]>;
  /** Per policy that selects a pod of this node. */
  allowed: Record<Direction, Map<string, Allowed[]>>;
}

export interface PolicyInput {
  nodeName: string;
  policies: readonly NetworkPolicy[];
  pods: readonly Pod[];
  namespaces: readonly Namespace[];
}

type Rule = NonNullable<NetworkPolicy["spec"]["ingress"]>[number] & NonNullable<NetworkPolicy["spec"]["egress"]>[number];
type Peer = NonNullable<Rule["from"]>[number];
type Port = NonNullable<Rule["ports"]>[number];

/** @source https://kubernetes.io/docs/concepts/services-networking/network-policies, staging/src/k8s.io/api/networking/v1/types.go v1.36 */
export function planPolicies({ nodeName, policies, pods, namespaces }: PolicyInput): PolicyPlan {
  const plan: PolicyPlan = { isolated: { ingress: [], egress: [] }, allowed: { ingress: new Map(), egress: new Map() } };
  const reachable = pods.filter(hasAddress);
  const selectedBy = { ingress: new Map<string, string[]>(), egress: new Map<string, string[]>() };
  for (const policy of sorted(policies)) {
    const id = `${policy.metadata.namespace}/${policy.metadata.name}`;
    const selector = selectorFromObject(policy.spec.podSelector ?? {});
    const selected = reachable.filter(
      ({ metadata }) => metadata.namespace === policy.metadata.namespace && selector.matches(metadata.labels ?? {}),
    );
    const here = selected.filter(({ spec }) => spec.nodeName === nodeName);
    if (!here.length) continue;
    for (const direction of directionsOf(policy)) {
      for (const pod of here) for (const ip of addresses(pod)) append(selectedBy[direction], ip, id);
      const rules = (policy.spec[direction] ?? []) as Rule[];
      plan.allowed[direction].set(
        id,
        rules.flatMap((rule) => allowedBy(rule, direction, { policy, selected: here, pods: reachable, namespaces })),
      );
    }
  }
  for (const direction of ["ingress", "egress"] as const) {
    plan.isolated[direction] = [...selectedBy[direction]].sort().map(([ip, ids]) => ({ ip, policies: ids }));
  }
  return plan;
}

interface RuleContext {
  policy: NetworkPolicy;
  /** Pods of this node that the policy selects. */
  selected: readonly Pod[];
  pods: readonly Pod[];
  namespaces: readonly Namespace[];
}

/** Each peer with each port. */
function allowedBy(rule: Rule, direction: Direction, context: RuleContext): Allowed[] {
  const peers = direction === "ingress" ? rule.from : rule.to;
  const ends = peers?.length ? peers.map((peer) => endOf(peer, context)) : [{ pods: undefined }];
  return ends.flatMap((end) => {
    const destinations = direction === "ingress" ? context.selected : (end.pods ?? context.pods);
    const base: Allowed = "range" in end ? { range: end.range } : end.pods ? { pods: end.pods.flatMap(addresses).sort() } : {};
    if (!rule.ports?.length) return [base];
    return rule.ports.map((port) => ({ ...base, ...portOf(port, destinations) }));
  });
}

function endOf(peer: Peer, { policy, pods, namespaces }: RuleContext): { pods?: Pod[]; range?: Allowed["range"] } {
  if (peer.ipBlock) {
    const canonical = (text: string) => formatCidr(parseCidr(text)!);
    return { range: { cidr: canonical(peer.ipBlock.cidr), except: (peer.ipBlock.except ?? []).map(canonical) } };
  }
  const podSelector = selectorFromObject(peer.podSelector ?? {});
  const namespaceSelector = peer.namespaceSelector && selectorFromObject(peer.namespaceSelector);
  const inNamespace = new Set(
    namespaceSelector
      ? namespaces.filter(({ metadata }) => namespaceSelector.matches(metadata.labels ?? {})).map(({ metadata }) => metadata.name)
      : [policy.metadata.namespace],
  );
  return {
    pods: pods.filter(({ metadata }) => inNamespace.has(metadata.namespace) && podSelector.matches(metadata.labels ?? {})),
  };
}

function portOf({ protocol = "TCP", port, endPort }: Port, destinations: readonly Pod[]): Partial<Allowed> {
  const lower = protocol.toLowerCase() as Allowed["protocol"];
  if (port === undefined) return { protocol: lower };
  if (typeof port === "number") return { protocol: lower, ports: [port, endPort ?? port] };
  const named = destinations.flatMap((pod) => {
    const numbers = (pod.spec.containers ?? [])
      .flatMap(({ ports }) => ports ?? [])
      .filter((p) => p.name === port && (p.protocol ?? "TCP") === protocol);
    return numbers.flatMap(({ containerPort }) => addresses(pod).map((ip) => `${ip} . ${containerPort}`));
  });
  return { protocol: lower, named: named.sort() };
}

function directionsOf({ spec }: NetworkPolicy): Direction[] {
  const types = spec.policyTypes?.length ? spec.policyTypes : ["Ingress", ...(spec.egress?.length ? ["Egress"] : [])];
  return (["ingress", "egress"] as const).filter((direction) => types.some((type) => type.toLowerCase() === direction));
}

/** Pods of the node's own network are the node, and ended ones may have left their address to another. */
function hasAddress(pod: Pod): boolean {
  return (
    !pod.spec.hostNetwork && pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed" && addresses(pod).length > 0
  );
}

function addresses({ status }: Pod): string[] {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? [status?.podIP ?? ""];
  return all.filter((ip) => parseIp(ip)?.family === 4);
}

function sorted(policies: readonly NetworkPolicy[]): NetworkPolicy[] {
  const key = ({ metadata }: NetworkPolicy) => `${metadata.namespace}/${metadata.name}`;
  return [...policies].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
