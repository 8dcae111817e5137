/**
 * The network of a cluster whose nodes share this machine: a bridge with the host as gateway, rules that let nodes out, and
 * routes by which the host reaches pods and Services. Everything is named for the cluster, so that several run side by side;
 * making it again adopts what exists, and its end leaves nothing.
 *
 *     host  knb-<id> 10.89.n.1 ──┬── knv-<id>-0 ═ eth0 10.89.n.2  node 0
 *                                └── knv-<id>-1 ═ eth0 10.89.n.3  node 1
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { run } from "../../shared/lib/command.ts";
import { formatCidr, parseCidr } from "../../shared/lib/ip.ts";
import { bridgeName, chooseRanges, gatewayAddress, uplink, type Ranges, type RouteFact } from "./address-plan.ts";
import { acceptForwarding, hostRules, removeHostRules } from "./host-rules.ts";
import { changeHost, clusterStateDir, restoreHost, withHostLock } from "./host-state.ts";
import { hostResolvConfs, nodeIndexes, removeNode } from "./node-namespace.ts";
import { nodeResolvers, type Resolvers } from "./resolvers.ts";

export interface ClusterNetworkOptions {
  cluster: string;
  /** Ranges to take where they are free; else the next free ones are chosen. */
  wanted?: Partial<Ranges>;
  /** Ranges that cannot change any more; refused with an error where they are not free. */
  required?: Partial<Ranges>;
  /** Ranges that are not to be chosen although nothing uses them now: those of clusters that are stopped. */
  avoid?: readonly string[];
}

export interface ClusterNetwork extends Ranges {
  cluster: string;
  bridge: string;
  /** The host's address on the bridge: where nodes reach the API server. */
  gateway: string;
  mtu: number;
  resolvers: Resolvers;
}

/** Makes the cluster's bridge, rules and settings, or completes and adopts what there is of them. */
export async function createClusterNetwork(options: ClusterNetworkOptions): Promise<ClusterNetwork> {
  return withHostLock(async () => {
    const { cluster } = options;
    const bridge = bridgeName(cluster);
    const routes = await hostRoutes();
    const existing = await bridgeSubnet(bridge);
    const wanted = existing ? { ...options.wanted, subnet: existing } : options.wanted;
    const ranges = chooseRanges(routes, cluster, wanted, options.required, options.avoid);
    const gateway = gatewayAddress(ranges.subnet);
    const mtu = await linkMtu(uplink(routes));
    const resolvers = nodeResolvers(hostResolvConfs(), gateway);

    await ensureStateDir(clusterStateDir(cluster));
    await ensureBridge(bridge, `${gateway}/${ranges.subnet.split("/")[1]}`, mtu);
    const loopbackRoute: Record<string, string> = resolvers.redirectTo ? { [`net/ipv4/conf/${bridge}/route_localnet`]: "1" } : {};
    changeHost({ sysctls: { "net/ipv4/ip_forward": "1" } });
    await setSysctls(loopbackRoute);
    await run(["nft", "-f", "-"], {
      input: hostRules({ cluster, subnet: ranges.subnet, gateway, redirectDnsTo: resolvers.redirectTo }),
    });
    await acceptForwarding(run, cluster);
    return { cluster, bridge, gateway, mtu, resolvers, ...ranges };
  });
}

/** Takes everything of the cluster's network away: nodes with their processes, links, rules, mounts; absent parts are no error. */
export async function destroyClusterNetwork(cluster: string): Promise<void> {
  const stateDir = clusterStateDir(cluster);
  await withHostLock(async () => {
    const files = existsSync(stateDir) ? readdirSync(stateDir) : [];
    for (const index of await nodeIndexes(cluster, files)) await removeNode(cluster, index);
    await run(["ip", "link", "delete", bridgeName(cluster)], { allowFailure: true });
    await removeHostRules(run, cluster);
    while (await isMountPoint(stateDir)) await run(["umount", stateDir]);
    if (existsSync(stateDir)) rmdirSync(stateDir);
    restoreHost();
  });
}

/** A private mount: the kernel lets mount namespaces be pinned nowhere else. */
async function ensureStateDir(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  if (await isMountPoint(dir)) return;
  await run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "knarr", dir]);
  await run(["mount", "--make-private", dir]);
}

async function isMountPoint(dir: string): Promise<boolean> {
  return (await run(["mountpoint", "-q", dir], { allowFailure: true })).code === 0;
}

async function ensureBridge(bridge: string, address: string, mtu: number): Promise<void> {
  const there = await run(["ip", "link", "show", bridge], { allowFailure: true });
  if (there.code !== 0) await run(["ip", "link", "add", bridge, "mtu", `${mtu}`, "type", "bridge"]);
  await run(["ip", "-batch", "-"], { input: `addr replace ${address} dev ${bridge}\nlink set ${bridge} up\n` });
}

/** Settings of the cluster's own interfaces: they go with the interface. */
async function setSysctls(values: Record<string, string>): Promise<void> {
  for (const [path, value] of Object.entries(values)) await run(["tee", `/proc/sys/${path}`], { input: value });
}

async function hostRoutes(): Promise<RouteFact[]> {
  const { stdout } = await run(["ip", "-j", "-4", "route", "show", "table", "all"]);
  return JSON.parse(stdout || "[]") as RouteFact[];
}

async function bridgeSubnet(bridge: string): Promise<string | undefined> {
  const { stdout } = await run(["ip", "-j", "-4", "addr", "show", "dev", bridge], { allowFailure: true });
  const [link] = JSON.parse(stdout || "[]") as { addr_info?: { local: string; prefixlen: number }[] }[];
  const first = link?.addr_info?.[0];
  return first && formatCidr(parseCidr(`${first.local}/${first.prefixlen}`)!);
}

async function linkMtu(link: string | undefined): Promise<number> {
  if (!link) return 1500;
  const [found] = JSON.parse((await run(["ip", "-j", "link", "show", "dev", link])).stdout) as { mtu: number }[];
  return found?.mtu ?? 1500;
}
