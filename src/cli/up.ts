/**
 * `knarr up`: from whatever is there to a working cluster. Every part adopts what already runs, so that a second `up` is quick
 * and an interrupted one is completed.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createClusterNetwork, createNodeNamespace, type ClusterNetwork } from "../addons/cni/index.ts";
import { Lease, Node } from "../shared/api/index.ts";
import { createClient, httpsTransport, kubeconfigText, type Client } from "../shared/client/index.ts";
import { writeAtomically } from "../shared/lib/files.ts";
import { cidrAddress, cidrContains, parseCidr, parseIp } from "../shared/lib/ip.ts";
import { parseTime, realClock, realPlatform, sleep } from "../shared/lib/platform.ts";
import {
  checkName,
  serviceAddressOf,
  clusterDir,
  defaults,
  knarrHome,
  listClusters,
  loadCluster,
  saveCluster,
  type Cluster,
  type ClusterSettings,
} from "../cluster/settings.ts";
import { forgetStartFailure, startFailure } from "../cluster/start-failure.ts";
import { readConfig } from "./config.ts";
import { writeNodeCredentials } from "../cluster/node-credentials.ts";
import { openClusterPki } from "../shared/component/pki/index.ts";
import { fail } from "../cluster/failure.ts";
import { checkKubeconfig, mergeContext, userKubeconfigPath } from "./kubeconfig.ts";
import { withLock } from "./lock.ts";
import { installPackages } from "./packages.ts";
import { firstFree, isFree } from "./ports.ts";
import { logFile, processPid, startSupervised, stopSupervised } from "./processes.ts";
import { settingFault } from "./setting-changes.ts";
import { terminalProgress, type Progress } from "./progress.ts";
import { executable } from "./self.ts";

export interface UpOptions {
  name: string;
  nodes?: number;
  simulate?: boolean;
  port?: number;
  config?: string;
  kubeconfig: boolean;
}

const FIRST_PORT = 6443;
const READY_TIMEOUT_MS = 120_000;

export async function up(options: UpOptions): Promise<void> {
  const fromFile = options.config ? readConfig(options.config) : {};
  const name = options.name === "knarr" && fromFile.name ? fromFile.name : options.name;
  checkName(name);
  await withLock(join(knarrHome(), "locks", name), `cluster ${name}`, () => start(name, fromFile, options));
}

async function start(name: string, fromFile: Partial<ClusterSettings>, options: UpOptions): Promise<void> {
  const progress = terminalProgress();
  if (options.kubeconfig) checkKubeconfig();
  const settings = await settle(name, fromFile, options, progress);
  const real = settings.nodeKind === "real";
  if (real) installPackages((line) => progress.say(line));
  const network = real ? await progress.step("Network", () => makeNetwork(settings, fromFile)) : undefined;
  const fixed = options.port !== undefined || fromFile.port !== undefined || loadCluster(name) !== undefined;
  const saved = saveCluster(network ? inRanges(settings, network) : settings);
  const cluster = await progress.step("Control plane", () => startServerOnFreePort(saved, network, { fixed }));
  const client = adminClient(cluster);
  try {
    if (network)
      await progress.step(`${cluster.nodes} node${cluster.nodes > 1 ? "s" : ""}`, () => startNodes(cluster, network, client));
  } finally {
    client.transport.close();
  }
  const context = `knarr-${name}`;
  if (options.kubeconfig) await mergeContext(context, readFileSync(cluster.kubeconfigPath, "utf8"));
  progress.say(`Cluster ${name} is ready at https://127.0.0.1:${cluster.port}.`);
  if (options.kubeconfig) progress.say(`kubectl speaks to it: context ${context} in ${userKubeconfigPath()}.`);
  else progress.say(`kubectl --kubeconfig ${cluster.kubeconfigPath}`);
}

/** The ranges that were free; the DNS address moves along with the Services'. */
function inRanges(settings: ClusterSettings, { podCidr, serviceCidr }: ClusterNetwork): ClusterSettings {
  const range = parseCidr(serviceCidr)!;
  const wanted = parseIp(settings.clusterDnsIp);
  const clusterDnsIp = wanted && cidrContains(range, wanted) ? settings.clusterDnsIp : cidrAddress(range, 10)!;
  return { ...settings, podCidr, serviceCidr, clusterDnsIp };
}

/** What the cluster shall be: as it was, with what the file and the options say on top. */
async function settle(
  name: string,
  fromFile: Partial<ClusterSettings>,
  options: UpOptions,
  progress: Progress,
): Promise<ClusterSettings> {
  const existing = loadCluster(name);
  const wanted = { ...fromFile, ...(options.nodes && { nodes: options.nodes }), ...(options.port && { port: options.port }) };
  if (fromFile.nodeKind) wanted.nodeKind = kindOfNodes(fromFile.nodeKind, progress);
  const nodeKind = existing?.nodeKind ?? kindOfNodes(options.simulate ? "simulated" : (wanted.nodeKind ?? "real"), progress);
  const settings = {
    ...defaults,
    ...existing,
    ...wanted,
    name,
    nodeKind,
    port: wanted.port ?? existing?.port ?? (await choosePort()),
  };
  if (existing && options.simulate && existing.nodeKind === "real")
    fail(`--simulate: cluster ${name} has real nodes; choose another --name`);
  const runs = processPid(join(clusterDir(name), "server")) !== undefined;
  const fault = existing && settingFault(existing, wanted, { runs });
  if (fault) fail(fault);
  if (!runs && !(await isFree(settings.port))) fail(`port ${settings.port} is in use by another program; choose one with --port`);
  return settings;
}

function kindOfNodes(wanted: "real" | "simulated", progress: Progress): "real" | "simulated" {
  if (wanted === "simulated") return wanted;
  const lacking =
    process.platform !== "linux"
      ? `real nodes need Linux, this is ${process.platform}`
      : process.getuid?.() !== 0
        ? "real nodes need root"
        : undefined;
  if (lacking) progress.say(`${lacking}: the cluster gets simulated nodes, on which pods run without containers.`);
  return lacking ? "simulated" : "real";
}

/** Stopped clusters keep their port. */
async function choosePort(): Promise<number> {
  const taken = new Set(listClusters().flatMap((other) => loadCluster(other)?.port ?? []));
  return firstFree(FIRST_PORT, taken);
}

/** Ranges that the file names, or that the cluster has, are taken or refused; others may be any that are free. */
async function makeNetwork(settings: ClusterSettings, fromFile: Partial<ClusterSettings>): Promise<ClusterNetwork> {
  const { name, podCidr, serviceCidr } = settings;
  const known = loadCluster(name);
  const others = listClusters().filter((other) => other !== name);
  return createClusterNetwork({
    cluster: name,
    avoid: others.map((other) => loadCluster(other)).flatMap((other) => (other ? [other.podCidr, other.serviceCidr] : [])),
    wanted: { podCidr, serviceCidr },
    required: {
      ...((known || fromFile.podCidr) && { podCidr }),
      ...((known || fromFile.serviceCidr || fromFile.clusterDnsIp) && { serviceCidr }),
    },
  });
}

const PORTS_TRIED = 5;

/** A port that was free when it was chosen may be gone now; where the user did not name one, the next is taken. */
async function startServerOnFreePort(
  cluster: Cluster,
  network: ClusterNetwork | undefined,
  { fixed }: { fixed: boolean },
): Promise<Cluster> {
  for (let tried = 1; ; tried++) {
    if (await startServer(cluster, network)) return cluster;
    if (fixed || tried === PORTS_TRIED) fail(`port ${cluster.port} has been taken by another program; choose one with --port`);
    cluster = saveCluster({ ...cluster, port: await firstFree(cluster.port + 1) });
  }
}

/** Whether the server is ready; false where its port has been taken by another program. */
async function startServer(cluster: Cluster, network: ClusterNetwork | undefined): Promise<boolean> {
  writeAtomically(join(cluster.dir, "network.json"), `${JSON.stringify({ gateway: network?.gateway ?? "127.0.0.1" })}\n`);
  const log = logSince(cluster.serverDir);
  forgetStartFailure(cluster.serverDir);
  startSupervised({ dir: cluster.serverDir, command: [...executable(), "server", "--cluster-dir", cluster.dir] });
  const deadline = realClock.monotonic() + READY_TIMEOUT_MS;
  while (!(await isReady(cluster))) {
    const failure = startFailure(cluster.serverDir);
    if (failure) {
      await stopSupervised(cluster.serverDir);
      if (failure.code === "EADDRINUSE") return false;
      fail(`the control plane could not start: ${failure.message}`);
    }
    if (realClock.monotonic() > deadline) {
      const end = log().trim().split("\n").slice(-8).join("\n");
      fail(`the control plane was not ready within ${READY_TIMEOUT_MS / 1000} s; the end of its log:\n${end}`);
    }
    await sleep(realClock, 25);
  }
  return true;
}

/** What a supervised process has logged from now on. */
function logSince(dir: string): () => string {
  const read = () => (existsSync(logFile(dir)) ? readFileSync(logFile(dir), "utf8") : "");
  const before = read().length;
  return () => read().slice(before);
}

/** The kubeconfig appears before the server listens, so a missing file means that it has just been started. */
async function isReady(cluster: Cluster): Promise<boolean> {
  let client: Client | undefined;
  try {
    client = adminClient(cluster);
    await client.transport.request({ method: "GET", path: "/readyz", signal: AbortSignal.timeout(2000) });
    return true;
  } catch {
    return false;
  } finally {
    client?.transport.close();
  }
}

export function adminClient(cluster: Cluster): Client {
  return createClient(httpsTransport({ ...kubeconfigText(readFileSync(cluster.kubeconfigPath, "utf8")), userAgent: "knarr" }));
}

async function startNodes(cluster: Cluster, network: ClusterNetwork, client: Client): Promise<void> {
  const started = new Map<string, number>();
  const pki = openClusterPki(join(cluster.serverDir, "pki"), realPlatform, {
    serviceAddress: serviceAddressOf(cluster),
    clusterDomain: cluster.clusterDomain,
  });
  for (let index = 0; index < cluster.nodes; index++) {
    const nodeName = cluster.nodeName(index);
    const namespace = await createNodeNamespace(network, { index, nodeName, dataDir: cluster.nodeDir(index) });
    const server = `https://${network.gateway}:${cluster.port}`;
    writeNodeCredentials(cluster, pki, { index, address: namespace.address, server });
    const node = {
      nodeName,
      address: namespace.address,
      gateway: network.gateway,
      mtu: network.mtu,
      resolvers: network.resolvers,
    };
    writeAtomically(join(cluster.nodeDir(index), "node.json"), `${JSON.stringify(node)}\n`);
    // One that runs already has only to be Ready.
    forgetStartFailure(cluster.nodeDir(index));
    started.set(nodeName, processPid(cluster.nodeDir(index)) ? 0 : realClock.now());
    startSupervised({
      dir: cluster.nodeDir(index),
      prefix: namespace.enter,
      command: [...executable(), "agent", "--cluster-dir", cluster.dir, "--index", String(index)],
    });
  }
  await whenReady(cluster, client, started);
}

/** A node counts when it is Ready and its kubelet has renewed its lease since it was started: what an earlier run left in the store proves nothing. */
async function whenReady(cluster: Cluster, client: Client, started: ReadonlyMap<string, number>): Promise<void> {
  const missing = new Map(started);
  const failures = new Map<number, number>();
  const deadline = realClock.monotonic() + READY_TIMEOUT_MS;
  while (missing.size) {
    const leases = (await client.list(Lease, { namespace: "kube-node-lease" })).items;
    for (const node of (await client.list(Node)).items) {
      const { name } = node.metadata;
      const renewed = parseTime(leases.find((lease) => lease.metadata.name === name)?.spec.renewTime ?? "");
      const ready = node.status.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
      if (ready && renewed >= (missing.get(name) ?? 0)) missing.delete(name);
    }
    if (missing.size && realClock.monotonic() > deadline) {
      const [first] = missing.keys();
      fail(
        `not Ready within ${READY_TIMEOUT_MS / 1000} s: ${[...missing.keys()].join(", ")}; 'knarr logs ${first} --name ${cluster.name}' tells why`,
      );
    }
    failIfOneCannotStart(cluster, failures);
    if (missing.size) await sleep(realClock, 50);
  }
}

/** An agent is started again when it fails: what fails twice would fail for as long as one waits. */
function failIfOneCannotStart(cluster: Cluster, failures: Map<number, number>): void {
  for (let index = 0; index < cluster.nodes; index++) {
    const failure = startFailure(cluster.nodeDir(index));
    if (!failure) continue;
    forgetStartFailure(cluster.nodeDir(index));
    const times = (failures.get(index) ?? 0) + 1;
    failures.set(index, times);
    if (times === 2) fail(`node ${cluster.nodeName(index)} could not start: ${failure.message}`);
  }
}
