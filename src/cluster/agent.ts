/**
 * The `agent` process: one node, in that node's namespaces. It starts (or adopts) the node's containerd, and runs the kubelet,
 * kube-proxy and DNS, each with an identity of its own over HTTPS.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  containerdPaths,
  ensureSandboxImage,
  runningPid,
  startContainerd,
  type ContainerdOptions,
  type Cri,
} from "../node/cri/index.ts";
import { runKubelet } from "../node/kubelet/index.ts";
import { createLogger } from "../shared/component/log/index.ts";
import { runNetworkPolicies, runNodeNetwork } from "../addons/cni/index.ts";
import { DNS_NODE_PORT, runDns } from "../addons/dns/index.ts";
import { runKubeProxy } from "../node/kube-proxy/index.ts";
import { createClient, createInformerFactory, httpsTransport, kubeconfigFile, Outages } from "../shared/client/index.ts";
import type { Logger } from "../shared/lib/logger.ts";
import { realPlatform, pause } from "../shared/lib/platform.ts";
import { ensureHelloImages } from "./busybox-image.ts";
import { nodeFiles } from "./node-credentials.ts";
import { loadClusterIn, nodeCgroup, type Cluster } from "./settings.ts";
import { tellingFailure } from "./start-failure.ts";

const KUBELET_PORT = 10_250;

/** What `up` leaves for the agent in node.json. */
export interface NodeFacts {
  nodeName: string;
  address: string;
  gateway: string;
  mtu: number;
}

/** Runs until the signal. Containers and containerd go on without it. */
export async function runAgent(clusterDir: string, index: number, signal: AbortSignal): Promise<void> {
  const cluster = loadClusterIn(clusterDir);
  await tellingFailure(cluster.nodeDir(index), () => runNode(cluster, index, signal));
}

async function runNode(cluster: Cluster, index: number, signal: AbortSignal): Promise<void> {
  const dataDir = cluster.nodeDir(index);
  const facts = JSON.parse(readFileSync(join(dataDir, "node.json"), "utf8")) as NodeFacts;
  const log = createLogger("agent");
  const options = {
    dataDir,
    cniConfDir: "/etc/cni/net.d",
    cniBinDir: "/usr/lib/cni",
    registryMirrors: cluster.registryMirrors,
    signal,
  };
  const containerd = await startContainerd(options);
  log.info({ node: facts.nodeName, containerd: containerd.pid }, "containerd ready");
  await ensureSandboxImage(containerd.cri);
  const outages = new Outages(log, realPlatform.clock);
  // Beside the start of the kubelet: nobody waits for the example.
  const example = ensureHelloImages(containerd.cri).catch((error: unknown) =>
    log.warn({ error }, "the example's image is missing"),
  );
  await Promise.all([
    example,
    keepContainerd(options, log, signal),
    runNetwork(cluster, { facts, kubeconfig: nodeFiles(dataDir).proxyKubeconfig, outages }, signal),
    runPods(cluster, { facts, index, cri: containerd.cri, outages }, signal),
  ]);
}

const LOOK_MS = 500;

/** Starts containerd again when it has died: containers run on without it, but nothing new starts. Clients reconnect by themselves. */
async function keepContainerd(options: ContainerdOptions, log: Logger, signal: AbortSignal): Promise<void> {
  const paths = containerdPaths(options);
  while (!signal.aborted) {
    await pause(realPlatform.clock, LOOK_MS, signal);
    if (signal.aborted || (await runningPid(paths))) continue;
    log.error({}, "containerd has died; starting it again");
    try {
      const { cri, pid } = await startContainerd(options);
      cri.close(); // the kubelet's own connection finds the new one
      log.info({ containerd: pid }, "containerd ready");
    } catch (error) {
      if (!signal.aborted) log.error({ error }, "containerd could not be started");
    }
  }
}

/** The kubelet, with the node's own identity and its own connections. */
async function runPods(
  cluster: Cluster,
  node: { facts: NodeFacts; index: number; cri: Cri; outages: Outages },
  signal: AbortSignal,
): Promise<void> {
  const { facts, index, cri, outages } = node;
  const dataDir = cluster.nodeDir(index);
  const files = nodeFiles(dataDir);
  const client = createClient(httpsTransport({ ...kubeconfigFile(files.kubeletKubeconfig), userAgent: "kubelet", outages }));
  const text = (path: string) => readFileSync(path, "utf8");
  try {
    await runKubelet(
      {
        client,
        cri,
        nodeName: facts.nodeName,
        nodeIPs: [facts.address],
        // Its own in the mount namespace of the node.
        rootDir: "/var/lib/kubelet",
        cgroupRoot: nodeCgroup(cluster.name, index),
        clusterDns: [cluster.clusterDnsIp],
        clusterDomain: cluster.clusterDomain,
        server: {
          port: KUBELET_PORT,
          cert: text(files.servingCert),
          key: text(files.servingKey),
          clientCa: text(files.clientCa),
        },
        log: outages.quiet(createLogger("kubelet")),
      },
      signal,
    );
  } finally {
    client.transport.close();
    cri.close();
  }
}

/** kube-proxy, DNS, pod routes and CNI configuration, over one set of informers. */
async function runNetwork(
  cluster: Cluster,
  { facts, kubeconfig, outages }: { facts: NodeFacts; kubeconfig: string; outages: Outages },
  signal: AbortSignal,
): Promise<void> {
  const { nodeName, mtu } = facts;
  const log = outages.quiet(createLogger("kube-proxy"));
  const client = createClient(httpsTransport({ ...kubeconfigFile(kubeconfig), userAgent: "kube-proxy", outages }));
  const informers = createInformerFactory(client, { platform: realPlatform, log });
  try {
    const { podCidr: clusterCidr, clusterDomain, clusterDnsIp } = cluster;
    const listen = [{ address: facts.address, port: DNS_NODE_PORT }];
    const work = [
      runKubeProxy(
        { informers, client, nodeName, mode: cluster.proxyMode, clusterCidr, serviceCidrs: [cluster.serviceCidr], log },
        signal,
      ),
      runNodeNetwork({ informers, nodeName, clusterCidr, mtu, log }, signal),
      runDns({ informers, clusterDomain, clusterDnsIp, listen, log }, signal),
      runNetworkPolicies({ client, nodeName, log }, signal),
    ];
    await informers.start(signal);
    await Promise.all(work);
  } finally {
    informers.close();
    client.transport.close();
  }
}
