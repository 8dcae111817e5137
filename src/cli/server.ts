/** `knarr server` and `knarr apiserver`, the processes of the control plane, and the programs of envtest; and the library, which is made of the same parts. */
import { runServer } from "../cluster/server.ts";
import { kubeApiServer, noEtcd } from "./envtest.ts";
import { requiredOptions, untilSignalled } from "./until-signalled.ts";

export * as library from "../testing/index.ts";

export function main(command: string, args: string[]): Promise<void> {
  return untilSignalled((signal) => {
    if (command === "kube-apiserver") return kubeApiServer(args, signal);
    if (command === "no-etcd") return noEtcd(args, signal);
    const { "cluster-dir": clusterDir } = requiredOptions(args, ["cluster-dir"]);
    return runServer(clusterDir, signal, { alone: command === "apiserver" });
  });
}
