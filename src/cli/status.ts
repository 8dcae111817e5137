/** `knarr status` and `kubeconfig`. */
import { existsSync, readFileSync } from "node:fs";
import { Node } from "../shared/api/index.ts";
import { requireCluster, type Cluster } from "../cluster/settings.ts";
import { fail } from "../cluster/failure.ts";
import { processPid } from "./processes.ts";
import { adminClient } from "./up.ts";

interface NodeStatus {
  name: string;
  /** The agent's; null where it does not run. */
  pid: number | null;
  kind: "real" | "simulated";
  address: string;
  /** `Ready`, `NotReady`, or `Unknown` where the server does not answer or has not seen the node. */
  status: string;
}

interface ClusterStatus {
  name: string;
  server: { pid: number | null; url: string; ready: boolean; kubeconfig: string };
  nodes: NodeStatus[];
}

export async function status({ name, output }: { name: string; output: "text" | "json" }): Promise<void> {
  const answer = await collect(requireCluster(name));
  if (output === "json") return void console.log(JSON.stringify(answer, null, 2));
  const { server, nodes } = answer;
  console.log(`cluster ${answer.name}`);
  console.log(`server  ${server.ready ? "ready" : server.pid ? "starting" : "stopped"}  pid ${server.pid ?? "-"}  ${server.url}`);
  for (const node of nodes) console.log(`node    ${node.name}  ${node.status}  pid ${node.pid ?? "-"}  ${node.address}`);
}

async function collect(cluster: Cluster): Promise<ClusterStatus> {
  const seen = await nodesOf(cluster);
  const pidOf = (index: number) =>
    (cluster.nodeKind === "real" ? processPid(cluster.nodeDir(index)) : processPid(cluster.serverDir)) ?? null;
  return {
    name: cluster.name,
    server: {
      pid: processPid(cluster.serverDir) ?? null,
      url: `https://127.0.0.1:${cluster.port}`,
      ready: seen !== undefined,
      kubeconfig: cluster.kubeconfigPath,
    },
    nodes: Array.from({ length: cluster.nodes }, (_, index) => {
      const name = cluster.nodeName(index);
      const node = seen?.find((n) => n.metadata.name === name);
      const ready = node?.status.conditions?.find((condition) => condition.type === "Ready")?.status;
      return {
        name,
        pid: pidOf(index),
        kind: cluster.nodeKind,
        address: node?.status.addresses?.find((address) => address.type === "InternalIP")?.address ?? "",
        status: ready === "True" ? "Ready" : ready === undefined ? "Unknown" : "NotReady",
      };
    }),
  };
}

async function nodesOf(cluster: Cluster): Promise<Node[] | undefined> {
  if (!existsSync(cluster.kubeconfigPath) || !processPid(cluster.serverDir)) return undefined;
  const client = adminClient(cluster);
  try {
    return (await client.list(Node, { signal: AbortSignal.timeout(3000) })).items;
  } catch {
    return undefined; // not answering is what the status says
  } finally {
    client.transport.close();
  }
}

export async function printKubeconfig({ name }: { name: string }): Promise<void> {
  const cluster = requireCluster(name);
  if (!existsSync(cluster.kubeconfigPath)) fail(`cluster ${name} has never been ready`);
  process.stdout.write(readFileSync(cluster.kubeconfigPath, "utf8"));
}
