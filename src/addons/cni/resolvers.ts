/**
 * Which name servers a node can use. The host's own list serves where its entries are reachable from another network
 * namespace; a resolver on the host's loopback (systemd-resolved, dnsmasq) is not, so its real upstreams are taken, or the
 * gateway address with a redirect to it.
 */
import { parseIp } from "../../shared/lib/ip.ts";

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
  const search = parsed[0]?.search ?? [];
  const isLoopback = (server: string) => server.startsWith("127.");
  for (const { servers } of parsed) {
    const reachable = servers.filter((server) => !isLoopback(server));
    if (reachable.length) return { servers: reachable, search };
  }
  const loopback = parsed.flatMap(({ servers }) => servers).find(isLoopback);
  return loopback ? { servers: [gateway], search, redirectTo: loopback } : { servers: [], search };
}

function parseResolvConf(text: string): { servers: string[]; search: string[] } {
  const servers: string[] = [];
  let search: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && parseIp(values[0] ?? "")?.family === 4) servers.push(values[0]!);
    if (keyword === "search" || keyword === "domain") search = values;
  }
  return { servers, search };
}

export function resolvConf({ servers, search }: Resolvers): string {
  const lines = servers.slice(0, 3).map((server) => `nameserver ${server}`);
  if (search.length) lines.push(`search ${search.join(" ")}`);
  return `${lines.join("\n")}\n`;
}
