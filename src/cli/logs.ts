/** `knarr logs`: the log files of the supervised processes. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { requireCluster, type Cluster } from "../cluster/settings.ts";
import { fail } from "../cluster/failure.ts";
import { logFile } from "./processes.ts";

export async function logs(part: string, { name, follow }: { name: string; follow?: boolean }): Promise<void> {
  const cluster = requireCluster(name);
  const file = logFile(directoryOf(cluster, part));
  if (!existsSync(file)) fail(`${part} of cluster ${name} has not logged yet`);
  const child = spawn("tail", ["-n", "+1", ...(follow ? ["-F"] : []), file], { stdio: "inherit" });
  process.exitCode = await new Promise<number>((resolve) => child.on("exit", (code) => resolve(code ?? 0)));
}

function directoryOf(cluster: Cluster, part: string): string {
  if (part === "server") return cluster.serverDir;
  const nodes = Array.from({ length: cluster.nodes }, (_, index) => cluster.nodeName(index));
  const index = nodes.indexOf(part);
  if (index < 0) fail(`no part ${JSON.stringify(part)} in cluster ${cluster.name}; there is: ${["server", ...nodes].join(", ")}`);
  if (cluster.nodeKind === "simulated") fail(`${part} is simulated: it has no agent, and the server's log is the only one`);
  return cluster.nodeDir(index);
}
