/**
 * Where a cluster lives on disk, and what is remembered of it between commands.
 *
 *     <home>/clusters/<name>/
 *       cluster.json     settings and addresses, written once by the first `up`
 *       server/          store, PKI, server.pid, server.log
 *       nodes/<n>/       agent.pid, agent.log, containerd's root and state, kubelet's files
 *
 * `home` is /var/lib/knarr for root, ~/.local/share/knarr otherwise, or `KNARR_HOME`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { writeAtomically } from "../shared/lib/files.ts";
import { env } from "../shared/lib/platform.ts";
import { fail } from "./failure.ts";

export interface ClusterSettings {
  name: string;
  /** Real nodes share this machine, each in a network namespace; simulated ones are API objects only. */
  nodeKind: "real" | "simulated";
  nodes: number;
  /** HTTPS port of the API server. */
  port: number;
  serviceCidr: string;
  clusterDnsIp: string;
  clusterDomain: string;
  podCidr: string;
  proxyMode: "nftables" | "iptables";
  /** Registry host → mirror URLs, tried in order; `_default` stands for every registry. */
  registryMirrors: Record<string, string[]>;
  /** Endpoints of an etcd; empty: the embedded store. */
  etcdEndpoints: string[];
}

export interface Cluster extends ClusterSettings {
  dir: string;
  serverDir: string;
  nodeDir(index: number): string;
  nodeName(index: number): string;
  /** The admin kubeconfig that `up` wrote. */
  kubeconfigPath: string;
}

export const defaults: Omit<ClusterSettings, "name" | "port"> = {
  nodeKind: "real",
  nodes: 1,
  serviceCidr: "10.96.0.0/16",
  clusterDnsIp: "10.96.0.10",
  clusterDomain: "cluster.local",
  podCidr: "10.244.0.0/16",
  proxyMode: "nftables",
  registryMirrors: {},
  etcdEndpoints: [],
};

export function knarrHome(): string {
  return env("KNARR_HOME") ?? (process.getuid?.() === 0 ? "/var/lib/knarr" : join(homedir(), ".local/share/knarr"));
}

export function clusterDir(name: string): string {
  return join(knarrHome(), "clusters", name);
}

/** Names become interface, namespace and cgroup names. */
export function checkName(name: string): void {
  if (!/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/.test(name)) {
    fail(
      `--name ${JSON.stringify(name)}: must be at most 32 lower-case letters, digits and '-', and start and end with a letter or digit`,
    );
  }
}

function withPaths(settings: ClusterSettings, dir = clusterDir(settings.name)): Cluster {
  return {
    ...settings,
    dir,
    serverDir: join(dir, "server"),
    nodeDir: (index) => join(dir, "nodes", String(index)),
    nodeName: (index) => `${settings.name}-${index + 1}`,
    kubeconfigPath: join(dir, "kubeconfig"),
  };
}

/** The cluster of a directory that `up` has made. */
export function loadClusterIn(dir: string): Cluster {
  const settings = JSON.parse(readFileSync(join(dir, "cluster.json"), "utf8")) as ClusterSettings;
  return withPaths({ ...defaults, ...settings }, dir);
}

export function loadCluster(name: string): Cluster | undefined {
  const file = join(clusterDir(name), "cluster.json");
  if (!existsSync(file)) return undefined;
  try {
    return loadClusterIn(clusterDir(name));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    fail(`${file} is damaged; 'knarr down --purge --name ${name}' removes the cluster`, error);
  }
}

/** The cluster, or an error that names the ones there are. */
export function requireCluster(name: string): Cluster {
  const cluster = loadCluster(name);
  if (cluster) return cluster;
  const others = listClusters();
  return fail(
    `no cluster named ${JSON.stringify(name)}${others.length ? `; there is: ${others.join(", ")}` : "; 'knarr up' makes one"}`,
  );
}

export function saveCluster(settings: ClusterSettings): Cluster {
  const cluster = withPaths(settings);
  mkdirSync(cluster.dir, { recursive: true, mode: 0o700 });
  const members = ["name", "port", ...Object.keys(defaults)] as (keyof ClusterSettings)[];
  const text = Object.fromEntries(members.map((member) => [member, cluster[member]]));
  writeAtomically(join(cluster.dir, "cluster.json"), `${JSON.stringify(text, null, 2)}\n`);
  return cluster;
}

export function listClusters(): string[] {
  const root = join(knarrHome(), "clusters");
  return existsSync(root) ? readdirSync(root).filter((name) => existsSync(join(root, name, "cluster.json"))) : [];
}

/** First address of the service range: that of Service `kubernetes`. */
export function serviceAddressOf({ serviceCidr }: Pick<ClusterSettings, "serviceCidr">): string {
  return serviceCidr.slice(0, serviceCidr.indexOf("/")).replace(/\d+$/, (last) => String(Number(last) + 1));
}

/** Parent of all cgroups of a node. */
export function nodeCgroup(name: string, index: number): string {
  return `/knarr-${name}-${index}`;
}
