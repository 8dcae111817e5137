/**
 * The pod network of one node, in whatever network namespace this process (or its `run`) is: CNI configuration, kernel
 * settings, masquerading of pods that speak to the outside, and routes to the pods of other nodes.
 */
import { Node } from "../../shared/api/index.ts";
import type { InformerFactory } from "../../shared/client/index.ts";
import { run as runHere, type Run } from "../../shared/lib/command.ts";
import { DemandLoop } from "../../shared/lib/demand-loop.ts";
import { silentLogger, type Logger } from "../../shared/lib/logger.ts";
import { realClock, type Clock } from "../../shared/lib/platform.ts";
import { conflist } from "./conflist.ts";
import { internalIp, planPodRoutes, podCidrs, routeChanges, type Link, type PodRoute, type PodRoutesPlan } from "./pod-routes.ts";
import { TUNNEL, tunnelDevice, tunnelEntries } from "./pod-tunnel.ts";

const TABLE = "knarr-pods";
/** Marks routes as ours; a number without a name in iproute2. */
const ROUTE_PROTOCOL = 75;
const CONFLIST = "10-knarr.conflist";

export interface NodeNetworkOptions {
  /** The node's own range, e.g. 10.244.1.0/24. */
  podCidr: string;
  /** The range of all pods: traffic within keeps its addresses. */
  clusterCidr: string;
  bridge?: string;
  /** Default: that of the link that the default route leaves by. */
  mtu?: number;
  confDir?: string;
  run?: Run;
}

/** Idempotent. */
async function setUpNodeNetwork(options: NodeNetworkOptions): Promise<void> {
  const { podCidr, clusterCidr, bridge = "cni0", confDir = "/etc/cni/net.d", run = runHere } = options;
  const plugin = (await enableKernelFeatures(run)) ? "bridge" : "ptp";
  await run(["nft", "-f", "-"], { input: masqueradeRules(clusterCidr) });
  const mtu = options.mtu ?? (await uplinkMtu(run));
  const file = `${confDir}/${CONFLIST}`;
  // The runtime watches the folder: the file appears whole.
  const write = 'mkdir -p "$(dirname "$0")" && cat > "$0.tmp" && mv "$0.tmp" "$0"';
  await run(["sh", "-c", write, file], { input: conflist({ podCidr, bridge, mtu, plugin }) });
}

/** Takes away what `setUpNodeNetwork` and the plugins made. Pods must have ended. */
export async function tearDownNodeNetwork({
  bridge = "cni0",
  confDir = "/etc/cni/net.d",
  run = runHere,
}: Partial<NodeNetworkOptions> = {}): Promise<void> {
  await run(["nft", "-f", "-"], { input: `add table ip ${TABLE}\ndelete table ip ${TABLE}\n` });
  for (const link of [bridge, TUNNEL]) await run(["ip", "link", "delete", link], { allowFailure: true });
  await run(["ip", "-4", "route", "flush", "proto", `${ROUTE_PROTOCOL}`], { allowFailure: true });
  await run(["rm", "-f", `${confDir}/${CONFLIST}`]);
}

export interface RunNodeNetworkOptions extends Omit<NodeNetworkOptions, "podCidr"> {
  informers: InformerFactory;
  nodeName: string;
  clock?: Clock;
  log?: Logger;
}

/**
 * Keeps the node's network as Node objects want it, until the signal: sets it up as soon as the node has a pod range, and
 * follows the other nodes with routes. The caller starts the informers.
 */
export async function runNodeNetwork(options: RunNodeNetworkOptions, signal: AbortSignal): Promise<void> {
  const { informers, nodeName, run = runHere, clock = realClock, log = silentLogger } = options;
  const nodes = informers.informer(Node);
  let done = "";
  const work = async () => {
    if (!nodes.synced()) return;
    const self = nodes.cache.get(nodeName);
    const [podCidr] = self ? podCidrs(self) : [];
    if (podCidr && podCidr !== done) {
      await setUpNodeNetwork({ ...options, podCidr });
      log.info({ podCidr }, "the pod network is set up");
      done = podCidr;
    }
    await syncPodRoutes({ nodes: nodes.cache.list(), self: nodeName, run, log });
  };
  const loop = new DemandLoop({ clock, log, name: "the node network", gatherMs: 5, work });
  const request = () => loop.request();
  const stop = nodes.onEvent({
    added: request,
    deleted: request,
    updated: (now, old) => routeFacts(now) !== routeFacts(old) && request(),
  });
  void nodes.whenSynced(signal).then(request, () => {});
  await loop.run(signal);
  stop();
}

interface SyncOptions {
  nodes: readonly Node[];
  self?: string;
  run: Run;
  log: Logger;
}

type Distant = PodRoutesPlan["distant"];

/** Writes the routes to all nodes' pods but `self`'s; without `self`, for a machine that is no node. */
export async function syncPodRoutes(options: Partial<SyncOptions> & { nodes: readonly Node[] }): Promise<void> {
  const { nodes, self, run = runHere, log = silentLogger } = options;
  const addresses = await json<{ ifname: string; addr_info?: { local?: string; prefixlen: number }[] }>(run, [
    "addr",
    "show",
    "scope",
    "global",
  ]);
  // What the filter leaves out comes as an empty object.
  const links: Link[] = addresses.flatMap(({ ifname, addr_info = [] }) =>
    addr_info.filter(({ local }) => local).map(({ local, prefixlen }) => ({ dev: ifname, address: `${local}/${prefixlen}` })),
  );
  const { routes, distant } = planPodRoutes(nodes, links, self);
  const tunnelled = distant.length ? await syncTunnel({ nodes, self, run, log, distant }) : [];
  const existing = await json<{ dst: string; gateway?: string; dev?: string }>(run, [
    "route",
    "show",
    "proto",
    `${ROUTE_PROTOCOL}`,
  ]);
  const lines = routeChanges(existing, [...routes, ...tunnelled], ROUTE_PROTOCOL);
  if (lines.length) await run(["ip", "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

/** Makes the tunnel and what leads to the distant nodes through it; answers with the routes. */
async function syncTunnel({ nodes, self, run, log, distant }: SyncOptions & { distant: Distant }): Promise<PodRoute[]> {
  const node = nodes.find(({ metadata }) => metadata.name === self);
  const [address, podCidr] = [node && internalIp(node), node && podCidrs(node)[0]];
  if (!address || !podCidr) {
    log.warn({ nodes: distant.map(({ name }) => name) }, "nodes that share no link with this machine are not reached");
    return [];
  }
  const there = await run(["ip", "link", "show", TUNNEL], { allowFailure: true });
  if (there.code !== 0) {
    const mtu = await uplinkMtu(run);
    await run(["ip", "-batch", "-"], { input: `${tunnelDevice({ address, podCidr, mtu }).join("\n")}\n` });
  }
  const { routes, neighbours, forwards } = tunnelEntries(distant);
  await run(["ip", "-batch", "-"], { input: `${neighbours.join("\n")}\n` });
  await run(["bridge", "-batch", "-"], { input: `${forwards.join("\n")}\n` });
  return routes;
}

const routeFacts = (node: Node) => JSON.stringify([node.spec?.podCIDRs, node.spec?.podCIDR, node.status?.addresses]);

/** Whether bridged packets pass the netfilter hooks. */
async function enableKernelFeatures(run: Run): Promise<boolean> {
  const script = `
for path in net/ipv4/ip_forward net/ipv4/conf/all/route_localnet; do echo 1 > /proc/sys/$path; done
for path in net/ipv4/conf/all/send_redirects net/ipv4/conf/default/send_redirects net/ipv4/conf/eth0/send_redirects; do
  if [ -e /proc/sys/$path ]; then echo 0 > /proc/sys/$path; fi
done
[ -e /proc/sys/net/bridge ] || modprobe br_netfilter 2>/dev/null || true
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
  echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables && echo 1 > /proc/sys/net/bridge/bridge-nf-call-ip6tables && echo bridged
fi
`;
  return (await run(["sh", "-ec", script])).stdout.includes("bridged");
}

function masqueradeRules(clusterCidr: string): string {
  return `add table ip ${TABLE}
delete table ip ${TABLE}
table ip ${TABLE} {
  chain leave {
    type nat hook postrouting priority 100; policy accept;
    ip saddr ${clusterCidr} ip daddr != { ${clusterCidr}, 224.0.0.0/4 } masquerade fully-random
  }
}
`;
}

async function uplinkMtu(run: Run): Promise<number> {
  const [route] = await json<{ dev: string }>(run, ["route", "show", "default"]);
  if (!route) return 1500;
  const [link] = await json<{ mtu: number }>(run, ["link", "show", "dev", route.dev]);
  return link?.mtu ?? 1500;
}

async function json<T>(run: Run, args: readonly string[]): Promise<T[]> {
  const { stdout } = await run(["ip", "-j", "-4", ...args]);
  return JSON.parse(stdout.trim() || "[]") as T[];
}
