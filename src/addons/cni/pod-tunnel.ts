/**
 * VXLAN between nodes that share no link: one device per node, and for each distant node three static entries. Nothing is
 * learned and nothing has to be told: every address follows from the Node objects.
 *
 *     pod → route 10.244.7.0/24 via 10.244.7.0 dev knarr-vx → neighbour 10.244.7.0 is 02:4b:0a:00:00:09 → that is behind 10.0.0.9
 *
 * A tunnelled packet is 50 bytes longer; pods learn the smaller size from the node, which routes for them.
 */
import { cidrAddress, parseCidr } from "../../shared/lib/ip.ts";

import type { PodRoute, PodRoutesPlan } from "./pod-routes.ts";

export const TUNNEL = "knarr-vx";
const NETWORK_ID = 75;
const PORT = 8472;
const OVERHEAD = 50;

export interface TunnelEnd {
  /** The node's own address, which the tunnel leaves from. */
  address: string;
  podCidr: string;
  mtu: number;
}

/** `ip -batch` lines that make the device. */
export function tunnelDevice({ address, podCidr, mtu }: TunnelEnd): string[] {
  return [
    `link add ${TUNNEL} mtu ${mtu - OVERHEAD} address ${hardwareAddress(address)} type vxlan id ${NETWORK_ID} dstport ${PORT} local ${address} nolearning`,
    `addr add ${gateway(podCidr)}/32 dev ${TUNNEL}`,
    `link set ${TUNNEL} up`,
  ];
}

/** What leads to the distant nodes: routes, and lines for `ip -batch` and `bridge -batch`. */
export function tunnelEntries(distant: PodRoutesPlan["distant"]): {
  routes: PodRoute[];
  neighbours: string[];
  forwards: string[];
} {
  return {
    routes: distant.map(({ podCidr }) => ({ dst: podCidr, via: gateway(podCidr), dev: TUNNEL, onlink: true })),
    neighbours: distant.map(
      ({ podCidr, address }) =>
        `neigh replace ${gateway(podCidr)} lladdr ${hardwareAddress(address)} dev ${TUNNEL} nud permanent`,
    ),
    forwards: distant.map(({ address }) => `fdb replace ${hardwareAddress(address)} dev ${TUNNEL} dst ${address}`),
  };
}

/** A range's first address belongs to no pod: it stands for the node at the other end. */
const gateway = (podCidr: string) => cidrAddress(parseCidr(podCidr)!, 0)!;

/** Locally administered, unique as the node's address is. */
function hardwareAddress(address: string): string {
  return ["02", "4b", ...address.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"))].join(":");
}
