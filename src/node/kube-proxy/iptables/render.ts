/**
 * Port plans as iptables rules, in the chains that kube-proxy's users know (KUBE-SERVICES, KUBE-SVC-…, KUBE-SEP-…). Pure.
 *
 * Differs: endpoints take their turn (statistic mode nth) as in the nftables backend, where kube-proxy draws lots.
 */
import { createHash } from "node:crypto";
import { cidrContains, parseCidr, parseIp, type IpFamily } from "../../../shared/lib/ip.ts";
import type { PortPlan, Target } from "../plan.ts";
import type { Endpoint, ServicePort } from "../service-port.ts";

export interface IptablesTables {
  /** Chain → rules without `-A CHAIN`. Every chain of the proxy is named, the empty ones too. */
  nat: Map<string, string[]>;
  filter: Map<string, string[]>;
}

export interface IptablesOptions {
  family: IpFamily;
  clusterCidr?: string;
  /** Service ranges: what is sent to an address or port in them that no Service has is dropped. */
  serviceCidrs: readonly string[];
  nodePortAddresses: readonly string[];
  nodeIps: readonly string[];
}

/** Where the built-in chains lead into ours: `[table, built-in chain, rule]`, first ones first. */
export const jumps: readonly (readonly [table: "nat" | "filter", chain: string, rule: string])[] = [
  ["filter", "INPUT", "-m conntrack --ctstate NEW -j KUBE-EXTERNAL-SERVICES"],
  ["filter", "FORWARD", "-m conntrack --ctstate NEW -j KUBE-EXTERNAL-SERVICES"],
  ["filter", "FORWARD", "-m conntrack --ctstate NEW -j KUBE-SERVICES"],
  ["filter", "OUTPUT", "-m conntrack --ctstate NEW -j KUBE-SERVICES"],
  ["filter", "FORWARD", "-j KUBE-FORWARD"],
  ["filter", "INPUT", "-m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL"],
  ["filter", "OUTPUT", "-m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL"],
  ["filter", "FORWARD", "-m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL"],
  ["filter", "INPUT", "-j KUBE-FIREWALL"],
  ["nat", "OUTPUT", "-j KUBE-SERVICES"],
  ["nat", "PREROUTING", "-j KUBE-SERVICES"],
  ["nat", "POSTROUTING", "-j KUBE-POSTROUTING"],
];

const MASQUERADE_MARK = "0x4000";

/** Names of chains that stand for one Service port or endpoint. */
export const isServiceChain = (chain: string) => /^KUBE-(SVC|SVL|EXT|FW|SEP)-/.test(chain);

export function renderTables(plans: Iterable<PortPlan>, options: IptablesOptions): IptablesTables {
  const tables: IptablesTables = { nat: new Map(), filter: new Map() };
  for (const chain of ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-MARK-MASQ", "KUBE-POSTROUTING"]) tables.nat.set(chain, []);
  for (const chain of ["KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-FORWARD", "KUBE-PROXY-FIREWALL", "KUBE-FIREWALL"])
    tables.filter.set(chain, []);
  tables.nat.get("KUBE-MARK-MASQ")!.push(`-j MARK --or-mark ${MASQUERADE_MARK}`);
  tables.nat
    .get("KUBE-POSTROUTING")!
    .push(
      `-m mark ! --mark ${MASQUERADE_MARK}/${MASQUERADE_MARK} -j RETURN`,
      `-j MARK --xor-mark ${MASQUERADE_MARK}`,
      "-j MASQUERADE --random-fully",
    );
  tables.filter
    .get("KUBE-FORWARD")!
    .push(
      `-m mark --mark ${MASQUERADE_MARK}/${MASQUERADE_MARK} -j ACCEPT`,
      "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    );
  if (options.family === 4) {
    // Loopback addresses are routable, for node ports on 127.0.0.1; nobody from outside may use that.
    tables.filter
      .get("KUBE-FIREWALL")!
      .push("-d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP");
  }
  for (const plan of plans) renderPort(plan, options, tables);
  tables.filter.get("KUBE-SERVICES")!.push(...options.serviceCidrs.map((range) => `-d ${range} -j DROP`));

  const ranges = options.nodePortAddresses.length ? options.nodePortAddresses.map((range) => `-d ${range} `) : [""];
  tables.nat.get("KUBE-SERVICES")!.push(...ranges.map((range) => `${range}-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`));
  return tables;
}

function renderPort(plan: PortPlan, options: IptablesOptions, { nat, filter }: IptablesTables): void {
  const { port } = plan;
  const [svc, svl, ext, fw] = ["SVC", "SVL", "EXT", "FW"].map((kind) => chainName(kind, port.id)) as [
    string,
    string,
    string,
    string,
  ];
  const comment = `-m comment --comment "${port.id}" -p ${port.protocol} -m ${port.protocol}`;
  const at = (address: string) => `${comment} -d ${address} --dport ${port.port}`;
  const list = (target: Target) => (target === "cluster" ? svc : target === "local" ? svl : undefined);
  const services = nat.get("KUBE-SERVICES")!;
  const external = filter.get("KUBE-EXTERNAL-SERVICES")!;
  const verdict = (target: Target) => (target === "drop" ? "DROP" : "REJECT");

  const internal = list(plan.internal);
  if (internal) services.push(`${at(port.clusterIp)} -j ${internal}`);
  else filter.get("KUBE-SERVICES")!.push(`${at(port.clusterIp)} -j ${verdict(plan.internal)}`);

  const guarded = plan.servesExternal && port.sourceRanges.length > 0;
  for (const address of port.externalIps) if (plan.servesExternal) services.push(`${at(address)} -j ${ext}`);
  for (const address of port.loadBalancerIps) {
    if (plan.servesExternal) services.push(`${at(address)} -j ${guarded ? fw : ext}`);
    if (guarded) filter.get("KUBE-PROXY-FIREWALL")!.push(`${at(address)} -j DROP`);
  }
  if (port.nodePort && plan.servesExternal) nat.get("KUBE-NODEPORTS")!.push(`${comment} --dport ${port.nodePort} -j ${ext}`);
  if (!list(plan.external)) {
    for (const address of [...port.externalIps, ...port.loadBalancerIps])
      external.push(`${at(address)} -j ${verdict(plan.external)}`);
    if (port.nodePort)
      external.push(`${comment} -m addrtype --dst-type LOCAL --dport ${port.nodePort} -j ${verdict(plan.external)}`);
  }

  if (plan.servesExternal) nat.set(ext, externalRules(plan, options, svc, list(plan.external)));
  if (guarded && port.loadBalancerIps.length)
    nat.set(
      fw,
      allowedSources(port, options).map((source) => `-s ${source} -j ${ext}`),
    );
  const masquerade = options.clusterCidr ? [`${at(port.clusterIp)} ! -s ${options.clusterCidr} -j KUBE-MARK-MASQ`] : [];
  if (plan.cluster.length) nat.set(svc, [...(internal === svc ? masquerade : []), ...turns(port, plan.cluster)]);
  if (plan.local.length) nat.set(svl, [...(internal === svl ? masquerade : []), ...turns(port, plan.local)]);
  for (const endpoint of plan.reachable) nat.set(endpointChain(port, endpoint), endpointRules(port, endpoint));
}

function externalRules(
  { port }: PortPlan,
  { clusterCidr }: IptablesOptions,
  cluster: string,
  list: string | undefined,
): string[] {
  const toPolicy = list ? [`-j ${list}`] : [];
  if (!port.externalPolicyLocal) return ["-j KUBE-MARK-MASQ", ...toPolicy];
  return [
    ...(clusterCidr ? [`-s ${clusterCidr} -j ${cluster}`] : []),
    "-m addrtype --src-type LOCAL -j KUBE-MARK-MASQ",
    `-m addrtype --src-type LOCAL -j ${cluster}`,
    ...toPolicy,
  ];
}

/** A balancer's address may be one of the node's own; then the node speaks to it from that address. */
function allowedSources({ sourceRanges, loadBalancerIps }: ServicePort, { nodeIps }: IptablesOptions): string[] {
  const fromNode = nodeIps.some((address) => sourceRanges.some((range) => cidrContains(parseCidr(range)!, parseIp(address)!)));
  return [...sourceRanges, ...(fromNode ? loadBalancerIps : [])];
}

/** Whoever is remembered goes where he went; of the rest, the first of n rules takes every nth, the next every (n-1)th of what is left. */
function turns(port: ServicePort, endpoints: readonly Endpoint[]): string[] {
  const remembered =
    port.affinitySeconds === undefined
      ? []
      : endpoints.map((endpoint) => {
          const chain = endpointChain(port, endpoint);
          return `-m recent --name ${chain} --rcheck --seconds ${port.affinitySeconds} --reap -j ${chain}`;
        });
  const choices = endpoints.map((endpoint, i) => {
    const left = endpoints.length - i;
    return `${left > 1 ? `-m statistic --mode nth --every ${left} --packet 0 ` : ""}-j ${endpointChain(port, endpoint)}`;
  });
  return [...remembered, ...choices];
}

function endpointRules(port: ServicePort, endpoint: Endpoint): string[] {
  const { ip } = endpoint;
  const remember = port.affinitySeconds === undefined ? "" : `-m recent --name ${endpointChain(port, endpoint)} --set `;
  const place = ip.includes(":") ? `[${ip}]:${endpoint.port}` : `${ip}:${endpoint.port}`;
  return [`-s ${ip} -j KUBE-MARK-MASQ`, `${remember}-p ${port.protocol} -m ${port.protocol} -j DNAT --to-destination ${place}`];
}

const endpointChain = (port: ServicePort, { ip, port: number }: Endpoint) => chainName("SEP", `${port.id} ${ip} ${number}`);

/** Names hold 28 characters. */
function chainName(kind: string, id: string): string {
  return `KUBE-${kind}-${createHash("sha256").update(id).digest("hex").slice(0, 16).toUpperCase()}`;
}
