/**
 * A node on this machine: a network, a mount and a UTS namespace of its own, joined to the cluster's bridge.
 *
 * The namespaces are pinned by bind mounts on files in the cluster's state folder, so that they outlive every process in
 * them: an agent that was killed finds its node again, containers running. They go when the pins go.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { run, runBehind, type Run } from "../../shared/lib/command.ts";
import { clusterId, nodeAddress, nodeLinkName } from "./address-plan.ts";
import type { ClusterNetwork } from "./cluster-network.ts";
import { changeHost, clusterStateDir, withHostLock } from "./host-state.ts";
import { killProcessesIn, namespaceOf } from "./namespace-processes.ts";
import { mountScript, ownFolders, READY_FILE, type BindMount } from "./node-mounts.ts";
import { resolvConf } from "./resolvers.ts";

const NSFS_MAGIC = 0x6e736673;

export interface NodeNamespaceOptions {
  /** From 0. Decides the node's address. */
  index: number;
  /** Becomes the namespace's host name. */
  nodeName: string;
  /** Folder for the node's own /var/lib/kubelet, /etc/cni and so on; made where absent. */
  dataDir: string;
  /** Further folders that the node shall see elsewhere; both ends are made where absent. */
  mounts?: readonly BindMount[];
}

export interface NodeNamespace {
  name: string;
  index: number;
  /** The node's IPv4 address, on its interface `eth0`. */
  address: string;
  /** Argument list that a command is put behind to run in the node, e.g. `nsenter --net=… --mount=… --uts=… --wdns=/ --`. */
  enter: readonly string[];
  /** Runs a command in the node. */
  run: Run;
}

interface Pins {
  net: string;
  mnt: string;
  uts: string;
}

/** Makes the node's namespaces and link, or completes and adopts what there is of them. */
export async function createNodeNamespace(network: ClusterNetwork, options: NodeNamespaceOptions): Promise<NodeNamespace> {
  return withHostLock(async () => {
    const { cluster } = network;
    const pins = pinsOf(cluster, options.index);
    const node = describe(network, options);
    if (!(await isComplete(pins, node.run))) {
      await removeNode(cluster, options.index);
      await makeNamespaces(network, options, pins);
    }
    await connect(network, node, pins);
    return node;
  });
}

/** Ends every process of the node, its containers included, and takes its namespaces and link away. The caller holds the host lock. */
export async function removeNode(cluster: string, index: number): Promise<void> {
  const pins = pinsOf(cluster, index);
  await killProcessesIn(await namespacesOf(pins));
  await run(["ip", "link", "delete", nodeLinkName(cluster, index)], { allowFailure: true });
  for (const pin of Object.values(pins) as string[]) {
    while (isPinned(pin)) await run(["umount", pin]);
    rmSync(pin, { force: true });
  }
}

/** The node's own namespaces and its pods' networks, which the container runtime pins in the node's /run/netns. */
async function namespacesOf(pins: Pins): Promise<string[]> {
  const own = (["net", "mnt"] as const).filter((kind) => isPinned(pins[kind])).map((kind) => namespaceOf(kind, pins[kind]));
  if (!isPinned(pins.mnt)) return own;
  const list = ["nsenter", `--mount=${pins.mnt}`, "--wdns=/", "--", "sh", "-c", "stat -Lc %i /run/netns/*"];
  const { stdout } = await run(list, { allowFailure: true });
  return [
    ...own,
    ...stdout
      .split("\n")
      .filter(Boolean)
      .map((inode) => `net:[${inode}]`),
  ];
}

function describe(network: ClusterNetwork, { index, nodeName }: NodeNamespaceOptions): NodeNamespace {
  const { net, mnt, uts } = pinsOf(network.cluster, index);
  const enter = ["nsenter", `--net=${net}`, `--mount=${mnt}`, `--uts=${uts}`, "--wdns=/", "--"];
  return { name: nodeName, index, address: nodeAddress(network.subnet, index), enter, run: runBehind(enter) };
}

function pinsOf(cluster: string, index: number): Pins {
  const base = `${clusterStateDir(cluster)}/node-${index}`;
  return { net: `${base}.net`, mnt: `${base}.mnt`, uts: `${base}.uts` };
}

async function isComplete(pins: Pins, inNode: Run): Promise<boolean> {
  if (!Object.values(pins).every(isPinned)) return false;
  return (await inNode(["test", "-e", READY_FILE], { allowFailure: true })).code === 0;
}

/** Whether the file has a namespace bound to it. */
function isPinned(pin: string): boolean {
  return existsSync(pin) && statfsSync(pin).type === NSFS_MAGIC;
}

async function makeNamespaces(network: ClusterNetwork, options: NodeNamespaceOptions, pins: Pins): Promise<void> {
  const binds = [...ownFolders(options.dataDir), ...(options.mounts ?? [])];
  for (const { source } of binds) mkdirSync(source, { recursive: true });
  changeHost({ folders: binds.map(({ target }) => target) });
  const names = `${options.dataDir}/resolv.conf`;
  writeFileSync(names, resolvConf(network.resolvers));
  for (const pin of Object.values(pins)) writeFileSync(pin, "");
  const script = `hostname ${options.nodeName} 2>/dev/null || echo ${options.nodeName} > /proc/sys/kernel/hostname\n${mountScript(binds, names)}`;
  const kinds = [`--net=${pins.net}`, `--mount=${pins.mnt}`, `--uts=${pins.uts}`, "--propagation=private"];
  try {
    await run(["unshare", ...kinds, "sh", "-c", script]);
  } catch (error) {
    await removeNode(network.cluster, options.index);
    throw new Error(`the namespaces of node ${options.nodeName} cannot be made`, { cause: error });
  }
}

/** Joins the node to the bridge: `knv-<id>-<index>` on the host, `eth0` inside. */
async function connect(network: ClusterNetwork, node: NodeNamespace, pins: Pins): Promise<void> {
  const outer = nodeLinkName(network.cluster, node.index);
  const address = `${node.address}/${network.subnet.split("/")[1]}`;
  const inside = JSON.parse((await node.run(["ip", "-j", "addr", "show", "eth0"], { allowFailure: true })).stdout || "[]") as {
    addr_info: { family: string; local: string }[];
  }[];
  const wrong = inside[0]?.addr_info.some(({ family, local }) => family === "inet" && local !== node.address);
  if (!inside.length) {
    await run(["ip", "link", "delete", outer], { allowFailure: true });
    await run([
      "ip",
      "link",
      "add",
      outer,
      "mtu",
      `${network.mtu}`,
      "type",
      "veth",
      "peer",
      "name",
      "eth0",
      "mtu",
      `${network.mtu}`,
      "netns",
      pins.net,
    ]);
  }
  await run(["ip", "link", "set", outer, "master", network.bridge, "up"]);
  const batch = [
    "link set lo up",
    ...(wrong ? ["addr flush dev eth0"] : []),
    `addr replace ${address} dev eth0`,
    "link set eth0 up",
    `route replace default via ${network.gateway} dev eth0`,
  ];
  await node.run(["ip", "-batch", "-"], { input: `${batch.join("\n")}\n` });
  // The host reaches pods and Services through the first node, which forwards to the others.
  if (node.index > 0) return;
  const routes = [network.podCidr, network.serviceCidr].map(
    (range) => `route replace ${range} via ${node.address} dev ${network.bridge}`,
  );
  await run(["ip", "-batch", "-"], { input: `${routes.join("\n")}\n` });
}

/** Indexes of the nodes that there is anything of: pins, or a link. */
export async function nodeIndexes(cluster: string, files: readonly string[]): Promise<number[]> {
  const links = JSON.parse((await run(["ip", "-j", "link", "show", "type", "veth"])).stdout || "[]") as { ifname?: string }[];
  const pattern = new RegExp(`^(?:knv-${clusterId(cluster)}-(\\d+)|node-(\\d+)\\.(?:net|mnt|uts))$`);
  const names = [...files, ...links.map(({ ifname }) => ifname ?? "")];
  const found = names.map((name) => pattern.exec(name)).filter((match) => match !== null);
  return [...new Set(found.map((match) => Number(match[1] ?? match[2])))].sort((a, b) => a - b);
}

/** The host's lists of name servers, best first. */
export function hostResolvConfs(): string[] {
  const files = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
  return files.filter((file) => existsSync(file)).map((file) => readFileSync(file, "utf8"));
}
