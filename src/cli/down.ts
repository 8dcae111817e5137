/** `knarr down`: ends every process of the cluster and takes away what it set up on this machine, whatever state it is in. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { destroyClusterNetwork } from "../addons/cni/index.ts";
import { removeNodeState } from "../node/cri/index.ts";
import { checkName, clusterDir, knarrHome, nodeCgroup } from "../cluster/settings.ts";
import { fail } from "../cluster/failure.ts";
import { removeContext } from "./kubeconfig.ts";
import { withLock } from "./lock.ts";
import { stopSupervised } from "./processes.ts";
import { terminalProgress } from "./progress.ts";

export async function down({ name, purge = false }: { name: string; purge?: boolean }): Promise<void> {
  checkName(name);
  await withLock(join(knarrHome(), "locks", name), `cluster ${name}`, () => stop(name, { purge }));
}

/** Works from what is on disk and on the machine, not from settings: they may be damaged or half written. */
async function stop(name: string, { purge }: { purge: boolean }): Promise<void> {
  const dir = clusterDir(name);
  if (!existsSync(dir)) fail(`no cluster named ${JSON.stringify(name)}`);
  const progress = terminalProgress();
  const nodesDir = join(dir, "nodes");
  const nodes = existsSync(nodesDir) ? readdirSync(nodesDir).map(Number).filter(Number.isInteger) : [];
  await progress.step("Stopping", async () => {
    await Promise.all(nodes.map((index) => stopSupervised(join(nodesDir, String(index)))));
    await stopSupervised(join(dir, "server"));
    if (process.getuid?.() === 0 && process.platform === "linux") {
      // All at once: containerd takes two seconds to end.
      await Promise.all(
        nodes.map((index) => removeNodeState({ dataDir: join(nodesDir, String(index)), cgroupRoot: nodeCgroup(name, index) })),
      );
      await destroyClusterNetwork(name);
    }
  });
  if (purge) rmSync(dir, { recursive: true, force: true });
  progress.say(
    purge
      ? `Cluster ${name} is gone.`
      : `Cluster ${name} is stopped; its state is kept for the next 'knarr up' ('--purge' forgets it).`,
  );
  await removeContext(`knarr-${name}`);
}
