/** `knarr agent`, the process of a node. */
import { runAgent } from "../cluster/agent.ts";
import { requiredOptions, untilSignalled } from "./until-signalled.ts";

export function main(_command: string, args: string[]): Promise<void> {
  return untilSignalled((signal) => {
    const { "cluster-dir": clusterDir, index } = requiredOptions(args, ["cluster-dir", "index"]);
    return runAgent(clusterDir, Number(index), signal);
  });
}
