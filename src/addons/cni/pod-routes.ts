/** Routes to the pods of other nodes: decided here from Node objects, written by `node-network.ts`. Pure. */
import type { Node } from "../../shared/api/index.ts";
import { cidrContains, parseCidr, parseIp } from "../../shared/lib/ip.ts";

/** An address of this machine with its range, as `ip addr` has it. */
export interface Link {
  dev: string;
  /** `10.89.3.2/24`. */
  address: string;
}

export interface PodRoute {
  dst: string;
  via: string;
  dev: string;
  /** The next hop counts as a neighbour although no address of the device says so. */
  onlink?: boolean;
}

export interface PodRoutesPlan {
  routes: PodRoute[];
  /** Nodes that share no link with this machine, and so need a tunnel. */
  distant: { name: string; podCidr: string; address: string }[];
}

/** Routes of `self` (a node's name, or undefined for a machine that is no node) to all other nodes' pods. */
export function planPodRoutes(nodes: readonly Node[], links: readonly Link[], self?: string): PodRoutesPlan {
  const plan: PodRoutesPlan = { routes: [], distant: [] };
  for (const node of nodes) {
    const name = node.metadata.name!;
    const address = internalIp(node);
    if (name === self || !address) continue;
    for (const podCidr of podCidrs(node)) {
      const link = links.find((link) => cidrContains(parseCidr(link.address)!, parseIp(address)!));
      if (link) plan.routes.push({ dst: podCidr, via: address, dev: link.dev });
      else plan.distant.push({ name, podCidr, address });
    }
  }
  return plan;
}

/** IPv4 ranges only: the node network has one family. */
export function podCidrs(node: Node): string[] {
  const ranges = node.spec?.podCIDRs ?? (node.spec?.podCIDR ? [node.spec.podCIDR] : []);
  return ranges.filter((range) => parseCidr(range)?.family === 4);
}

export function internalIp(node: Node): string | undefined {
  return node.status?.addresses?.find(({ type, address }) => type === "InternalIP" && parseIp(address)?.family === 4)?.address;
}

/** The `ip -batch` lines that lead from the routes that are there to those wanted. */
export function routeChanges(
  existing: readonly { dst: string; gateway?: string; dev?: string }[],
  wanted: readonly PodRoute[],
  protocol: number,
): string[] {
  const gone = existing.filter(({ dst }) => !wanted.some((route) => route.dst === dst));
  const changed = wanted.filter(
    ({ dst, via, dev }) => !existing.some((route) => route.dst === dst && route.gateway === via && route.dev === dev),
  );
  return [
    ...gone.map(({ dst }) => `route del ${dst} proto ${protocol}`),
    ...changed.map(
      ({ dst, via, dev, onlink }) => `route replace ${dst} via ${via} dev ${dev}${onlink ? " onlink" : ""} proto ${protocol}`,
    ),
  ];
}
