/**
 * Names and ranges of a cluster that lives on this machine: pure, from what the machine's routing table already holds, so
 * that several clusters and other software side by side get ranges of their own.
 */
import { createHash } from "node:crypto";
import { cidrAddress, cidrsOverlap, parseCidr, type Cidr } from "../../shared/lib/ip.ts";

/** One line of `ip -j -4 route show table all`, as far as it matters here. */
export interface RouteFact {
  /** `default`, an address or a range. */
  dst: string;
  dev?: string;
  gateway?: string;
  type?: string;
  prefsrc?: string;
  metric?: number;
}

export interface Ranges {
  /** The nodes' own addresses, on the cluster's bridge. */
  subnet: string;
  podCidr: string;
  serviceCidr: string;
}

/** Interface names hold 15 characters: `knv-<id>-<index>` has room for 8 of id. Longer names end in a hash. */
export function clusterId(cluster: string): string {
  return cluster.length <= 8
    ? cluster
    : `${cluster.slice(0, 3)}${createHash("sha256").update(cluster).digest("hex").slice(0, 5)}`;
}

export const bridgeName = (cluster: string) => `knb-${clusterId(cluster)}`;
export const nodeLinkName = (cluster: string, index: number) => `knv-${clusterId(cluster)}-${index}`;
export const hostTableName = (cluster: string) => `knarr-net-${clusterId(cluster)}`;

/** The gateway (host) has the first address, node `index` the one after `index + 1`. */
export const gatewayAddress = (subnet: string) => cidrAddress(parseCidr(subnet)!, 1)!;

export function nodeAddress(subnet: string, index: number): string {
  const range = parseCidr(subnet)!;
  const address = cidrAddress(range, index + 2);
  if (!address || index + 3 >= 2 ** (32 - range.bits)) throw new Error(`node ${index} has no address in ${subnet}`);
  return address;
}

/**
 * Chooses a range for each purpose: the wanted one where it is free, else the first free of its row. `required` ones are
 * taken or refused with an error that names the route in the way. Ranges to `avoid` are not chosen, but may be required.
 */
export function chooseRanges(
  routes: readonly RouteFact[],
  cluster: string,
  wanted: Partial<Ranges> = {},
  required: Partial<Ranges> = {},
  avoid: readonly string[] = [],
): Ranges {
  const kept = avoid.map((dst) => ({ dst }));
  const others = routes.filter((route) => route.dev !== bridgeName(cluster) && claims(route));
  const start = createHash("sha256").update(cluster).digest()[0]!;
  const rows: { [K in keyof Ranges]: string[] } = {
    subnet: Array.from({ length: 256 }, (_, i) => `10.89.${(start + i) % 256}.0/24`),
    podCidr: Array.from({ length: 11 }, (_, i) => `10.${244 + i}.0.0/16`),
    serviceCidr: Array.from({ length: 32 }, (_, i) => `10.${96 + i}.0.0/16`),
  };
  const choose = (purpose: keyof Ranges): string => {
    const fixed = required[purpose];
    if (fixed) {
      const blocker = others.find((route) => overlaps(route, fixed));
      if (!parseCidr(fixed)) throw new Error(`${purpose} ${fixed} is not a range such as 10.0.0.0/16`);
      if (blocker) throw new Error(`${purpose} ${fixed} overlaps the route to ${blocker.dst} through ${blocker.dev}`);
      return fixed;
    }
    const free = [wanted[purpose], ...rows[purpose]].find(
      (range) => range && ![...others, ...kept].some((route) => overlaps(route, range)),
    );
    if (!free) throw new Error(`no free range is left for ${purpose}`);
    return free;
  };
  return { subnet: choose("subnet"), podCidr: choose("podCidr"), serviceCidr: choose("serviceCidr") };
}

/** Maximum transfer unit of the way out decides the inner links': the default route with the lowest metric. */
export function uplink(routes: readonly RouteFact[]): string | undefined {
  const ways = routes.filter((route) => route.dst === "default" && route.dev && !route.type?.startsWith("un"));
  return ways.sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0))[0]?.dev;
}

/** A wide range behind a gateway (a VPN's 10.0.0.0/8) may be cut into; a link's own range may not. */
function claims(route: RouteFact): boolean {
  const range = rangeOf(route);
  return range !== undefined && (range.bits >= 12 || !route.gateway);
}

function overlaps(route: RouteFact, range: string): boolean {
  const parsed = parseCidr(range);
  return parsed !== undefined && cidrsOverlap(rangeOf(route)!, parsed);
}

function rangeOf(route: RouteFact): Cidr | undefined {
  return route.dst === "default" ? undefined : parseCidr(route.dst.includes("/") ? route.dst : `${route.dst}/32`);
}
