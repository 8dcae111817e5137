/** A port's plan as nftables: elements of the table's maps, and chains of its own. Pure. */
import { cidrContains, parseCidr, parseIp, type IpFamily } from "../../../shared/lib/ip.ts";
import type { PortPlan, Target } from "../plan.ts";
import type { Endpoint } from "../service-port.ts";
import { addressType, ip, MARK_FOR_MASQUERADE, type ContainerName } from "./table.ts";

export interface Element {
  container: ContainerName;
  key: string;
  /** Verdict; absent in a set. */
  value?: string;
}

export interface Rendering {
  elements: Element[];
  /** Chain name → rules. All have a `/` in their name, base chains have none. */
  chains: Map<string, string[]>;
  /** Sets that packets fill → declaration. */
  sets: Map<string, string>;
}

export interface RenderOptions {
  family: IpFamily;
  clusterCidr?: string;
  /** This node's addresses. */
  nodeIps: readonly string[];
}

export function renderPort(plan: PortPlan, options: RenderOptions): Rendering {
  const { port } = plan;
  const rendering: Rendering = { elements: [], chains: new Map(), sets: new Map() };
  const add = (container: ContainerName, key: string, value?: string) => rendering.elements.push({ container, key, value });
  const chain = (prefix: string) => `${prefix}/${port.id}`;
  const at = (address: string) => `${address} . ${port.protocol} . ${port.port}`;

  add("cluster-ips", port.clusterIp);
  for (const endpoint of plan.reachable) if (endpoint.local) add("hairpin", `${endpoint.ip} . ${endpoint.ip}`);

  if (isEndpointList(plan.internal)) add("service-ips", at(port.clusterIp), `goto ${chain(plan.internal)}`);
  else add("no-endpoint-ips", at(port.clusterIp), refusal(plan.internal));

  for (const address of [...port.externalIps, ...port.loadBalancerIps]) {
    if (plan.servesExternal) add("service-ips", at(address), `goto ${chain("external")}`);
    if (!isEndpointList(plan.external)) add("no-endpoint-ips", at(address), refusal(plan.external));
  }
  if (port.nodePort) {
    const key = `${port.protocol} . ${port.nodePort}`;
    if (plan.servesExternal) add("node-ports", key, `goto ${chain("external")}`);
    if (!isEndpointList(plan.external)) add("no-endpoint-node-ports", key, refusal(plan.external));
  }

  if (port.loadBalancerIps.length && port.sourceRanges.length) {
    for (const address of port.loadBalancerIps) add("firewall-ips", at(address), `goto ${chain("firewall")}`);
    rendering.chains.set(chain("firewall"), firewallRules(plan, options));
  }
  if (plan.servesExternal) rendering.chains.set(chain("external"), externalRules(plan, options));
  for (const list of ["cluster", "local"] as const) if (plan[list].length) renderList(plan, list, options, rendering);
  if (port.affinitySeconds !== undefined) renderAffinity(plan, options, rendering);
  return rendering;
}

const isEndpointList = (target: Target): target is "cluster" | "local" => target === "cluster" || target === "local";

/** Only input, forward and output may reject, all of which consult these maps; the verdict map has no such verdict itself. */
const refusal = (target: Target) => (target === "drop" ? "drop" : "goto refuse");

function externalRules({ port, external }: PortPlan, { family, clusterCidr }: RenderOptions): string[] {
  const toPolicy = isEndpointList(external) ? [`goto ${external}/${port.id}`] : [];
  if (!port.externalPolicyLocal) return [MARK_FOR_MASQUERADE, ...toPolicy];
  // From inside the cluster it is as if it had gone out to a balancer and come back: every endpoint will do.
  const toAll = `goto cluster/${port.id}`;
  return [
    ...(clusterCidr ? [`${ip(family)} saddr ${clusterCidr} ${toAll}`] : []),
    `fib saddr type local ${MARK_FOR_MASQUERADE} ${toAll}`,
    ...toPolicy,
  ];
}

/** A balancer's address may be one of the node's own; then the node speaks to it from that address. */
function firewallRules({ port }: PortPlan, { family, nodeIps }: RenderOptions): string[] {
  const fromNode = nodeIps.some((address) => port.sourceRanges.some((range) => contains(range, address)));
  const allowed = [...port.sourceRanges, ...(fromNode ? port.loadBalancerIps : [])];
  return [`${ip(family)} saddr != { ${[...new Set(allowed)].join(", ")} } drop`];
}

/** Endpoints take their turn. */
function renderList(plan: PortPlan, list: "cluster" | "local", { family }: RenderOptions, out: Rendering): void {
  const { port, [list]: endpoints } = plan;
  const turn = `numgen inc mod ${endpoints.length}`;
  const name = `${list}/${port.id}`;
  if (port.affinitySeconds === undefined) {
    const places = endpoints.map((endpoint, i) => `${i} : ${endpoint.ip} . ${endpoint.port}`);
    out.chains.set(name, [
      `meta l4proto ${port.protocol} dnat ${ip(family)} addr . port to ${turn} map { ${places.join(", ")} }`,
    ]);
    return;
  }
  const remembered = endpoints.map(
    (endpoint) => `${ip(family)} saddr @${affinitySet(port.id, endpoint)} goto ${endpointChain(port.id, endpoint)}`,
  );
  const places = endpoints.map((endpoint, i) => `${i} : goto ${endpointChain(port.id, endpoint)}`);
  out.chains.set(name, [...remembered, `${turn} vmap { ${places.join(", ")} }`]);
}

/** Who came by whichever address of the Service is remembered per endpoint; the kernel forgets by itself. */
function renderAffinity({ port, reachable }: PortPlan, { family }: RenderOptions, out: Rendering): void {
  for (const endpoint of reachable) {
    const set = affinitySet(port.id, endpoint);
    out.sets.set(set, `type ${addressType(family)}; flags dynamic,timeout; timeout ${port.affinitySeconds}s;`);
    out.chains.set(endpointChain(port.id, endpoint), [
      `update @${set} { ${ip(family)} saddr }`,
      `meta l4proto ${port.protocol} dnat to ${family === 4 ? endpoint.ip : `[${endpoint.ip}]`}:${endpoint.port}`,
    ]);
  }
}

/** Colons may not stand in a name. */
const place = ({ ip, port }: Endpoint) => `${ip.replaceAll(":", "_")}_${port}`;
const affinitySet = (id: string, endpoint: Endpoint) => `affinity/${id}/${place(endpoint)}`;
const endpointChain = (id: string, endpoint: Endpoint) => `endpoint/${id}/${place(endpoint)}`;

function contains(range: string, address: string): boolean {
  const ip = parseIp(address);
  return ip !== undefined && cidrContains(parseCidr(range)!, ip);
}
