/**
 * Which name servers a node can use. The host's own list serves where its entries are reachable from another network
 * namespace; a resolver on the host's loopback (systemd-resolved, dnsmasq) is not, so its real upstreams are taken, or the
 * gateway address with a redirect to it.
 */
import { parseIp } from "../../shared/lib/ip.ts";
import { parseResolvConf } from "../../shared/lib/resolv-conf.ts";

export interface Resolvers {
  /** IPv4 addresses for the node's resolv.conf. */
  servers: string[];
  search: string[];
  /** A loopback address of the host that port 53 of the gateway is to be redirected to. */
  redirectTo?: string;
}

/** `files` are texts of resolv.conf, best first: /etc/resolv.conf, then systemd-resolved's list of upstreams. */
export function nodeResolvers(files: readonly string[], gateway: string): Resolvers {
  const parsed = files.map(parseResolvConf);
  const search = parsed[0]?.searches ?? [];
  const lists = parsed.map(({ servers }) => servers.filter((server) => parseIp(server)?.family === 4));
  const isLoopback = (server: string) => server.startsWith("127.");
  for (const servers of lists) {
    const reachable = servers.filter((server) => !isLoopback(server));
    if (reachable.length) return { servers: reachable, search };
  }
  const loopback = lists.flat().find(isLoopback);
  return loopback ? { servers: [gateway], search, redirectTo: loopback } : { servers: [], search };
}

export function resolvConf({ servers, search }: Resolvers): string {
  const lines = servers.slice(0, 3).map((server) => `nameserver ${server}`);
  if (search.length) lines.push(`search ${search.join(" ")}`);
  return `${lines.join("\n")}\n`;
}
