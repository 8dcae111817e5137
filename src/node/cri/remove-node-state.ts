/**
 * Ends everything a node left on this machine: pods, shims, containerd, mounts, network namespaces and cgroups of one data directory.
 *
 * Orderly first, so that CNI gives back addresses and rules; then by force whatever is left, so that it works after any crash. All that
 * is touched is found below the node's own directories and its cgroup parent.
 */
import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { realClock, sleep } from "../../shared/lib/platform.ts";
import { run } from "../../shared/lib/command.ts";
import { createCri } from "./client.ts";
import { containerdPaths, runningPid, stopPid } from "./containerd.ts";
import { isAlive, listProcesses, mountsBelow, signalProcess } from "./host.ts";

const ORDERLY_TIMEOUT_MS = 20_000;
const KILL_TIMEOUT_MS = 10_000;
const CNI_RESULTS = "/var/lib/cni/results";

export interface NodeStateOptions {
  dataDir: string;
  stateDir?: string;
  /** Cgroup parent of the node's pods, e.g. `/knarr-default`; everything in it is killed. */
  cgroupRoot?: string;
  /** Further directories whose mounts belong to the node (the kubelet's root). */
  mountDirs?: readonly string[];
  /** Where pod logs lie; those of this node's pods are removed. */
  podLogsDir?: string;
  /** Also remove the data directory itself: images and all. Otherwise only what a stopped node does not need. */
  purge?: boolean;
}

/** Resolves when nothing of the node is left running or mounted; throws with what could not be removed. */
export async function removeNodeState(options: NodeStateOptions): Promise<void> {
  const paths = containerdPaths(options);
  const stateDir = options.stateDir ?? join(options.dataDir, "run");
  const daemon = await runningPid(paths);
  const sandboxes = await taskIds(paths.state);
  if (daemon) {
    await removePods(paths.socket).catch(() => {}); // by force below
    await stopPid(daemon);
  }
  await killShims(paths.socket, paths.state);
  if (options.cgroupRoot) await removeCgroups(options.cgroupRoot);
  for (const dir of [options.dataDir, stateDir, ...(options.mountDirs ?? [])]) await unmountBelow(dir);
  await removeCniResults(sandboxes);
  if (options.podLogsDir) await removePodLogs(options.podLogsDir, join(options.dataDir, "kubelet", "pods"));
  await rm(stateDir, { recursive: true, force: true });
  if (options.purge) await rm(options.dataDir, { recursive: true, force: true });
  else await rm(paths.pidFile, { force: true });
}

async function removePods(socket: string): Promise<void> {
  const cri = createCri(socket);
  const timeout = AbortSignal.timeout(ORDERLY_TIMEOUT_MS);
  const expired = new Promise<never>((_, reject) => timeout.addEventListener("abort", () => reject(timeout.reason)));
  expired.catch(() => {});
  try {
    // Nothing to be graceful about any more: containers are killed, then CNI takes the network down.
    const containers = await cri.listContainers();
    await Promise.race([expired, Promise.allSettled(containers.map(({ id }) => cri.removeContainer(id)))]);
    const sandboxes = await cri.listSandboxes();
    const removed = sandboxes.map(({ id }) => cri.stopSandbox(id).then(() => cri.removeSandbox(id)));
    await Promise.race([expired, Promise.allSettled(removed)]);
  } finally {
    cri.close();
  }
}

const tasksDir = (state: string) => join(state, "io.containerd.runtime.v2.task", "k8s.io");
const taskIds = (state: string) => readdir(tasksDir(state)).catch(() => [] as string[]);

/** A shim serves the containerd whose address it was given; its containers' first processes are in its bundle. */
async function killShims(socket: string, state: string): Promise<void> {
  const shims = (await listProcesses()).filter(({ args }) => args[0]?.includes("containerd-shim") && args.includes(socket));
  for (const { pid } of shims) signalProcess(pid, "SIGKILL");
  const bundles = (await taskIds(state)).map((id) => join(tasksDir(state), id));
  const inits = await Promise.all(
    bundles.map(async (bundle) => Number(await readFile(join(bundle, "init.pid"), "utf8").catch(() => 0))),
  );
  for (const pid of inits) if (pid > 1) signalProcess(pid, "SIGKILL");
  const addresses = await Promise.all(bundles.map((bundle) => readFile(join(bundle, "address"), "utf8").catch(() => "")));
  await Promise.all(addresses.filter(Boolean).map((address) => rm(address.trim().replace("unix://", ""), { force: true })));
  await untilGone(shims.map(({ pid }) => pid));
}

async function untilGone(pids: readonly number[]): Promise<void> {
  const end = realClock.monotonic() + KILL_TIMEOUT_MS;
  while (pids.some(isAlive)) {
    if (realClock.monotonic() > end) throw new Error(`processes do not end: ${pids.filter(isAlive).join(", ")}`);
    await sleep(realClock, 20);
  }
}

/** Kills what runs in a cgroup and removes it, in every hierarchy: v1 has one per controller, v2 only one. */
export async function removeCgroups(cgroup: string): Promise<void> {
  for (const hierarchy of await cgroupHierarchies()) await removeCgroupTree(join(hierarchy, cgroup));
}

async function cgroupHierarchies(): Promise<string[]> {
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").map((line) => line.split(" "));
  return mounts.filter((fields) => fields[2]?.startsWith("cgroup")).map((fields) => fields[1]!);
}

async function removeCgroupTree(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeCgroupTree(join(dir, entry.name));
  if (entries.length === 0) return;
  const end = realClock.monotonic() + KILL_TIMEOUT_MS;
  for (;;) {
    const procs = await readFile(join(dir, "cgroup.procs"), "utf8").catch(() => "");
    for (const pid of procs.split("\n").filter(Boolean)) signalProcess(Number(pid), "SIGKILL");
    try {
      return await rmdir(dir);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || realClock.monotonic() > end) throw new Error(`cannot remove cgroup ${dir}`, { cause: error });
    }
    await sleep(realClock, 20);
  }
}

/** Lazy: a mount that somebody still looks into goes as soon as they stop. */
export async function unmountBelow(dir: string): Promise<void> {
  const points = await mountsBelow(dir);
  if (points.length > 0) await run(["umount", "-l", ...points]);
}

async function removeCniResults(ids: readonly string[]): Promise<void> {
  const files = await readdir(CNI_RESULTS).catch(() => []);
  const ours = files.filter((file) => ids.some((id) => file.includes(id)));
  await Promise.all(ours.map((file) => rm(join(CNI_RESULTS, file), { force: true })));
}

async function removePodLogs(logs: string, pods: string): Promise<void> {
  const uids = await readdir(pods).catch(() => []);
  const dirs = await readdir(logs).catch(() => []);
  const ours = dirs.filter((dir) => uids.some((uid) => dir.endsWith(`_${uid}`)));
  await Promise.all(ours.map((dir) => rm(join(logs, dir), { recursive: true, force: true })));
}
