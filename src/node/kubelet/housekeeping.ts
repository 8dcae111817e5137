/**
 * Removes what pods left behind that the API does not know any more: they were deleted while the kubelet was away.
 *
 * @source pkg/kubelet/kubelet_pods.go HandlePodCleanups, pkg/kubelet/kubelet_volumes.go cleanupOrphanedPodDirs v1.36
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isCriNotFound, removeCgroups } from "../cri/index.ts";
import type { KubeletContext } from "./context.ts";

const GRACE_SECONDS = 2;

/** `known`: uids that have a worker, which looks after its own. */
export async function removeOrphans(context: KubeletContext, known: ReadonlySet<string>): Promise<void> {
  const { view, rootDir, volumes, cgroups, podLogsDir } = context;
  for (const uid of view.uids()) if (!known.has(uid)) await removeRecords(context, uid);
  for (const uid of await readdir(join(rootDir, "pods")).catch(() => [])) {
    if (known.has(uid) || view.get(uid).sandboxes.length > 0) continue;
    await volumes.unmount(uid);
    await rm(join(rootDir, "pods", uid), { recursive: true, force: true });
    for (const dir of await readdir(podLogsDir).catch(() => [])) {
      if (dir.endsWith(`_${uid}`)) await rm(join(podLogsDir, dir), { recursive: true, force: true });
    }
  }
  for (const [uid, path] of await cgroups.podUids())
    if (!known.has(uid) && view.get(uid).sandboxes.length === 0) await removeCgroups(path);
}

async function removeRecords(context: KubeletContext, uid: string): Promise<void> {
  const { cri, view, log } = context;
  const runtime = await view.refresh(uid);
  log.info({ pod: runtime.name, namespace: runtime.namespace, uid }, "removing a pod that the API does not have");
  const gone = (error: unknown) => {
    if (!isCriNotFound(error)) throw error;
  };
  const running = runtime.containers.filter(({ state }) => state === "running");
  await Promise.all(
    running.map(({ id, notes }) => cri.stopContainer(id, notes.terminationGracePeriod ?? GRACE_SECONDS).catch(gone)),
  );
  await Promise.all(runtime.containers.map(({ id }) => cri.removeContainer(id).catch(gone)));
  for (const { id } of runtime.sandboxes) {
    await cri.stopSandbox(id).catch(gone);
    await cri.removeSandbox(id).catch(gone);
  }
  await view.refresh(uid);
}
