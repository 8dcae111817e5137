/** The CNI configuration of a node: the standard plugins, wired so that pods get an address of the node's range. Pure. */

export interface ConflistOptions {
  podCidr: string;
  /** Bridge that pods are plugged into. */
  bridge: string;
  mtu: number;
  /**
   * `bridge` needs br_netfilter, or answers of a pod to its neighbour would pass by the address translation of Services;
   * `ptp` gives every pod a link of its own and needs nothing.
   */
  plugin: "bridge" | "ptp";
}

/** Leases of addresses: in /run, since they end with the machine (or the node's namespace) as the pods do. */
const LEASES = "/run/cni-ipam-state";

export function conflist({ podCidr, bridge, mtu, plugin }: ConflistOptions): string {
  const ipam = { type: "host-local", dataDir: LEASES, ranges: [[{ subnet: podCidr }]], routes: [{ dst: "0.0.0.0/0" }] };
  const main =
    plugin === "bridge" ? { type: "bridge", bridge, isGateway: true, hairpinMode: true, mtu, ipam } : { type: "ptp", mtu, ipam };
  const plugins = [
    main,
    { type: "portmap", capabilities: { portMappings: true }, snat: true },
    { type: "bandwidth", capabilities: { bandwidth: true } },
  ];
  return `${JSON.stringify({ cniVersion: "1.0.0", name: "knarr", plugins }, null, 2)}\n`;
}
