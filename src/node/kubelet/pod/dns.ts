/**
 * A pod's names: its host name, `/etc/hosts`, and the resolver configuration its DNS policy asks for.
 *
 * @source pkg/kubelet/network/dns/dns.go, pkg/kubelet/kubelet_pods.go v1.36
 */
import type { HostAlias, Pod } from "../../../shared/api/generated/core-v1.ts";
import type { ResolvConf } from "../../../shared/lib/resolv-conf.ts";

const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARS = 2048;
const MAX_DOMAIN = 253;
const MAX_HOSTNAME = 63;

export interface ClusterDns {
  servers: readonly string[];
  domain: string;
}

/** `limits` collects what had to be left out, as texts of a `DNSConfigForming` event. */
export function podDns(pod: Pod, cluster: ClusterDns, host: ResolvConf, limits: string[] = []): ResolvConf {
  const base = basis(pod, cluster, host);
  const own = pod.spec.dnsConfig;
  const servers = unique([...base.servers, ...(own?.nameservers ?? [])]);
  const searches = fitSearches(unique([...base.searches, ...(own?.searches ?? [])]), limits);
  const options = mergeOptions(base.options, own?.options ?? []);
  if (servers.length > MAX_NAMESERVERS) {
    const applied = servers.slice(0, MAX_NAMESERVERS);
    limits.push(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${applied.join(" ")}`,
    );
    return { servers: applied, searches, options };
  }
  return { servers, searches, options };
}

function basis(pod: Pod, cluster: ClusterDns, host: ResolvConf): ResolvConf {
  const policy = pod.spec.dnsPolicy ?? "ClusterFirst";
  if (policy === "None") return { servers: [], searches: [], options: [] };
  const usesCluster = policy === "ClusterFirstWithHostNet" || (policy === "ClusterFirst" && !pod.spec.hostNetwork);
  if (!usesCluster || cluster.servers.length === 0) return host;
  const { namespace } = pod.metadata;
  const own = cluster.domain ? [`${namespace}.svc.${cluster.domain}`, `svc.${cluster.domain}`, cluster.domain] : [];
  return { servers: [...cluster.servers], searches: unique([...own, ...host.searches]), options: ["ndots:5"] };
}

const unique = (items: readonly string[]) => [...new Set(items)];

function mergeOptions(base: readonly string[], own: readonly { name?: string; value?: string }[]): string[] {
  const options = new Map(base.map((option) => option.split(":", 2) as [string, string | undefined]));
  for (const { name, value } of own) if (name) options.set(name, value);
  return [...options].map(([name, value]) => (value ? `${name}:${value}` : name));
}

function fitSearches(searches: readonly string[], limits: string[]): string[] {
  const fitting = searches.slice(0, MAX_SEARCHES).filter((search) => search.length <= MAX_DOMAIN);
  while (fitting.join(" ").length > MAX_SEARCH_CHARS) fitting.pop();
  if (fitting.length < searches.length) {
    limits.push(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${fitting.join(" ")}`,
    );
  }
  return fitting;
}

export interface PodHostname {
  hostname: string;
  /** Empty without a subdomain. */
  domain: string;
}

export function podHostname(pod: Pod, clusterDomain: string): PodHostname {
  const { hostname, hostnameOverride, subdomain } = pod.spec;
  if (hostnameOverride) return { hostname: fitHostname(hostnameOverride), domain: "" };
  const domain = subdomain ? `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : "";
  return { hostname: fitHostname(hostname || pod.metadata.name!), domain };
}

/** The kernel takes 63 characters; what is cut off must not leave a dot or dash at the end. */
const fitHostname = (name: string) => (name.length <= MAX_HOSTNAME ? name : name.slice(0, MAX_HOSTNAME).replace(/[-.]+$/, ""));

/** The name the kernel is told: with `setHostnameAsFQDN` the whole one. */
export function kernelHostname(pod: Pod, { hostname, domain }: PodHostname): string {
  if (!pod.spec.setHostnameAsFQDN || !domain) return hostname;
  const full = `${hostname}.${domain}`;
  if (full.length > 64) {
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (64 characters is the max, ${full.length} characters requested)`,
    );
  }
  return full;
}

export interface HostsInput extends PodHostname {
  podIPs: readonly string[];
  hostAliases: readonly HostAlias[];
}

export function hostsFile({ podIPs, hostname, domain, hostAliases }: HostsInput): string {
  const names = domain ? `${hostname}.${domain}\t${hostname}` : hostname;
  return [
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
    ...podIPs.map((ip) => `${ip}\t${names}`),
    aliasLines(hostAliases),
  ].join("\n");
}

/** On the host's network a pod sees the host's names, and its own aliases. */
export function hostNetworkHostsFile(hostFile: string, hostAliases: readonly HostAlias[]): string {
  return `# Kubernetes-managed hosts file (host network).\n${hostFile}${aliasLines(hostAliases)}`;
}

function aliasLines(aliases: readonly HostAlias[]): string {
  if (aliases.length === 0) return "";
  const lines = aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join("\t")}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join("")}`;
}
