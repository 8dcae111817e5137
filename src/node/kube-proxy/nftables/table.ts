/**
 * The fixed part of the proxy's nftables table: hooks, dispatch maps and masquerading. Services add elements to the maps and
 * chains of their own (render.ts); a packet costs one map lookup however many Services there are.
 */
import type { IpFamily } from "../../../shared/lib/ip.ts";

export const TABLE = "knarr-proxy";

/** Mark on packets that leave under this node's address. The bit that kube-proxy uses. */
const MASQUERADE_MARK = "0x4000";
export const MARK_FOR_MASQUERADE = `meta mark set meta mark or ${MASQUERADE_MARK}`;

export interface TableOptions {
  family: IpFamily;
  /** Range of the pods' addresses: traffic from elsewhere to a cluster address is masqueraded, so that answers come back through here. */
  clusterCidr?: string;
  /** Service ranges: what is sent to an address in them that no Service has is dropped. */
  serviceCidrs: readonly string[];
  /** Ranges of local addresses that serve node ports; empty: every local address. */
  nodePortAddresses: readonly string[];
}

export interface Container {
  kind: "map" | "set";
  /** `{}` is this family's address type. */
  type: string;
}

/** What Services put elements into. */
export const containers = {
  "cluster-ips": { kind: "set", type: "{}" },
  hairpin: { kind: "set", type: "{} . {}" },
  "service-ips": { kind: "map", type: "{} . inet_proto . inet_service : verdict" },
  "node-ports": { kind: "map", type: "inet_proto . inet_service : verdict" },
  "no-endpoint-ips": { kind: "map", type: "{} . inet_proto . inet_service : verdict" },
  "no-endpoint-node-ports": { kind: "map", type: "inet_proto . inet_service : verdict" },
  "firewall-ips": { kind: "map", type: "{} . inet_proto . inet_service : verdict" },
} as const satisfies Record<string, Container>;

export type ContainerName = keyof typeof containers;

export const ip = (family: IpFamily) => (family === 4 ? "ip" : "ip6");
export const addressType = (family: IpFamily) => (family === 4 ? "ipv4_addr" : "ipv6_addr");

interface BaseChain {
  hook: string;
  rules: string[];
}

/** Chains that packets enter by, and the chain that verdict maps send rejected ones to. */
export function baseChains(options: TableOptions): Record<string, BaseChain> {
  const x = ip(options.family);
  const loopback = options.family === 4 ? "127.0.0.0/8" : "::1";
  const destination = `${x} daddr . meta l4proto . th dport`;
  const { nodePortAddresses, clusterCidr, serviceCidrs } = options;
  const nodePorts = nodePortAddresses.length ? `${x} daddr { ${nodePortAddresses.join(", ")} } ` : "";
  const firewall = `ct state new ${destination} vmap @firewall-ips`;
  const noEndpoint = `ct state new ${destination} vmap @no-endpoint-ips`;
  const strayClusterIps = [
    `ct state new ${x} daddr @cluster-ips reject comment "no such port"`,
    ...(serviceCidrs.length ? [`ct state new ${x} daddr { ${serviceCidrs.join(", ")} } drop comment "no such Service"`] : []),
  ];
  return {
    "before-dnat": {
      hook: "type filter hook prerouting priority -110",
      // Loopback addresses are routable here, for node ports on 127.0.0.1; nobody from outside may use that.
      rules: [`iifname != "lo" ${x} daddr ${loopback} drop`, firewall],
    },
    "before-dnat-output": { hook: "type filter hook output priority -110", rules: [firewall] },
    input: {
      hook: "type filter hook input priority 0",
      rules: [`ct state new ${nodePorts}fib daddr type local meta l4proto . th dport vmap @no-endpoint-node-ports`, noEndpoint],
    },
    forward: { hook: "type filter hook forward priority 0", rules: [noEndpoint, ...strayClusterIps] },
    output: { hook: "type filter hook output priority 0", rules: [noEndpoint, ...strayClusterIps] },
    "dnat-prerouting": { hook: "type nat hook prerouting priority -100", rules: ["jump services"] },
    "dnat-output": { hook: "type nat hook output priority -100", rules: ["jump services"] },
    postrouting: {
      hook: "type nat hook postrouting priority 100",
      rules: [
        `meta mark and ${MASQUERADE_MARK} != 0 meta mark set meta mark xor ${MASQUERADE_MARK} masquerade fully-random`,
        `ct status dnat ${x} saddr . ${x} daddr @hairpin masquerade fully-random`,
      ],
    },
    services: {
      hook: "",
      rules: [
        ...(clusterCidr ? [`${x} daddr @cluster-ips ${x} saddr != ${clusterCidr} ${MARK_FOR_MASQUERADE}`] : []),
        `${destination} vmap @service-ips`,
        `${nodePorts}fib daddr type local meta l4proto . th dport vmap @node-ports`,
      ],
    },
    refuse: { hook: "", rules: ["reject"] },
  };
}
