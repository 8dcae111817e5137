/**
 * The cgroups of pods: `<root>/kubepods[/burstable|/besteffort]/pod<uid>`, on v1, v2 and hybrid hosts; containers' own are the runtime's.
 *
 * @source pkg/kubelet/cm/pod_container_manager_linux.go, qos_container_manager_linux.go v1.36
 */
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../../shared/api/generated/core-v1.ts";
import type { Logger } from "../../../shared/lib/logger.ts";
import { removeCgroups } from "../../cri/index.ts";
import { qosClass } from "../pod/qos.ts";
import type { PodCgroupResources } from "../pod/resources.ts";

const PERIOD_US = 100_000;
const V2_CONTROLLERS = "+cpu +cpuset +memory +pids +io";

export type Hierarchies = { v2: string } | { v1: Readonly<Record<string, string>> };

/** Where controllers are mounted; v2 only when it has the controllers, not in the hybrid layout. */
function parseHierarchies(mounts: string): Hierarchies | undefined {
  const fields = mounts.split("\n").map((line) => line.split(" "));
  const v1: Record<string, string> = {};
  for (const [, path, type, options = ""] of fields) {
    if (type !== "cgroup") continue;
    for (const controller of ["cpu", "memory"]) if (options.split(",").includes(controller)) v1[controller] = path!;
  }
  if (v1.cpu || v1.memory) return { v1 };
  const unified = fields.find(([, , type]) => type === "cgroup2")?.[1];
  return unified ? { v2: unified } : undefined;
}

export class CgroupManager {
  readonly #root: string;
  readonly #log: Logger;
  readonly #ready = new Set<string>();
  readonly #wide = new Set<string>();
  #hierarchies: Promise<Hierarchies | undefined> | undefined;

  /** `root` is the node's cgroup, e.g. `/knarr-default`. */
  constructor(root: string, log: Logger) {
    this.#root = root;
    this.#log = log;
  }

  podPath(pod: Pod): string {
    const qos = qosClass(pod);
    return join(this.#root, "kubepods", qos === "Guaranteed" ? "" : qos.toLowerCase(), `pod${pod.metadata.uid}`);
  }

  async ensurePod(pod: Pod, resources: PodCgroupResources): Promise<void> {
    const path = this.podPath(pod);
    if (this.#ready.has(path)) return;
    await this.#applyPod(pod, resources);
    this.#ready.add(path);
  }

  /** Takes the limits off while its containers are changed: a child may never have more than its parent. */
  async widenPod(pod: Pod, { cpuShares }: PodCgroupResources): Promise<void> {
    this.#wide.add(this.podPath(pod));
    await this.#applyPod(pod, { cpuShares });
  }

  /** Puts limits on again where they were taken off; resolves with whether they were. */
  async narrowPod(pod: Pod, resources: PodCgroupResources): Promise<boolean> {
    if (!this.#wide.delete(this.podPath(pod))) return false;
    await this.#applyPod(pod, resources);
    return true;
  }

  async #applyPod(pod: Pod, resources: PodCgroupResources): Promise<void> {
    const path = this.podPath(pod);
    this.#hierarchies ??= readFile("/proc/self/mounts", "utf8").then(parseHierarchies);
    const hierarchies = await this.#hierarchies;
    if (hierarchies && "v2" in hierarchies) await this.#applyV2(hierarchies.v2, path, resources);
    else if (hierarchies) await this.#applyV1(hierarchies.v1, path, resources);
  }

  async removePod(pod: Pod): Promise<void> {
    const path = this.podPath(pod);
    this.#ready.delete(path);
    await removeCgroups(path);
  }

  /** The uids whose cgroups are there. */
  async podUids(): Promise<Map<string, string>> {
    const hierarchies = await (this.#hierarchies ??= readFile("/proc/self/mounts", "utf8").then(parseHierarchies));
    const base = hierarchies && ("v2" in hierarchies ? hierarchies.v2 : (hierarchies.v1.memory ?? hierarchies.v1.cpu));
    const found = new Map<string, string>();
    for (const qos of ["", "burstable", "besteffort"]) {
      const parent = join(this.#root, "kubepods", qos);
      for (const name of await readdir(join(base ?? "/nonexistent", parent)).catch(() => [])) {
        if (name.startsWith("pod")) found.set(name.slice(3), join(parent, name));
      }
    }
    return found;
  }

  async #applyV1(controllers: Readonly<Record<string, string>>, path: string, wanted: PodCgroupResources): Promise<void> {
    if (controllers.cpu) {
      const dir = join(controllers.cpu, path);
      await mkdir(dir, { recursive: true });
      await this.#write(dir, "cpu.shares", wanted.cpuShares);
      if (path.includes("/besteffort/")) await this.#write(join(dir, ".."), "cpu.shares", 2);
      await this.#write(dir, "cpu.cfs_quota_us", wanted.cpuQuota || -1);
    }
    if (controllers.memory) {
      const dir = join(controllers.memory, path);
      await mkdir(dir, { recursive: true });
      await this.#write(dir, "memory.limit_in_bytes", wanted.memoryLimit ?? -1);
    }
  }

  async #applyV2(mount: string, path: string, wanted: PodCgroupResources): Promise<void> {
    let dir = mount;
    for (const part of path.split("/").filter(Boolean)) {
      await this.#write(dir, "cgroup.subtree_control", V2_CONTROLLERS);
      dir = join(dir, part);
      await mkdir(dir, { recursive: true });
    }
    // From 2..262144 shares to 1..10000 weight.
    await this.#write(dir, "cpu.weight", Math.floor(1 + ((wanted.cpuShares - 2) * 9999) / 262142));
    await this.#write(dir, "cpu.max", `${wanted.cpuQuota || "max"} ${PERIOD_US}`);
    await this.#write(dir, "memory.max", wanted.memoryLimit ?? "max");
  }

  /** A controller that the host does not give us is no reason not to run the pod. */
  async #write(dir: string, file: string, value: string | number): Promise<void> {
    try {
      await writeFile(join(dir, file), String(value));
    } catch (error) {
      this.#log.debug({ err: error, dir, file, value }, "a cgroup setting was refused");
    }
  }
}
