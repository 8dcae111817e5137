/**
 * The `agent` process: one node, in that node's namespaces. It starts (or adopts) the node's containerd, and runs the kubelet,
 * kube-proxy and DNS, each with an identity of its own over HTTPS.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startContainerd } from "../node/cri/index.ts";
import { createLogger } from "../shared/component/log/index.ts";
import { loadClusterIn } from "./settings.ts";

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
  const dataDir = cluster.nodeDir(index);
  const facts = JSON.parse(readFileSync(join(dataDir, "node.json"), "utf8")) as NodeFacts;
  const log = createLogger("agent");
  const containerd = await startContainerd({
    dataDir,
    cniConfDir: "/etc/cni/net.d",
    cniBinDir: "/usr/lib/cni",
    registryMirrors: cluster.registryMirrors,
    signal,
  });
  log.info({ node: facts.nodeName, containerd: containerd.pid }, "containerd ready");
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
