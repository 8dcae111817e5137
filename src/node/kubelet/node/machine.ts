/** Facts of the machine a node runs on, as they stand in `status.nodeInfo` and `status.capacity`. */
import { readFile, readdir, statfs } from "node:fs/promises";
import { availableParallelism, release } from "node:os";
import { KUBERNETES_VERSION } from "../../../shared/apimachinery/version.ts";
import type { NodeSystemInfo } from "../../../shared/api/generated/core-v1.ts";
import type { Cri } from "../../cri/index.ts";

export interface Machine {
  info: NodeSystemInfo;
  capacity: Record<string, string>;
  memoryBytes: number;
  /** The kernel confines by AppArmor. */
  appArmor: boolean;
}

export async function readMachine(cri: Cri, rootDir: string, maxPods: number): Promise<Machine> {
  const [memoryKi, disk, hugepages, info] = await Promise.all([memoryTotalKi(), statfs(rootDir), hugePages(), systemInfo(cri)]);
  const capacity = {
    cpu: String(availableParallelism()),
    "ephemeral-storage": `${Math.floor((disk.blocks * disk.bsize) / 1024)}Ki`,
    ...hugepages,
    memory: `${memoryKi}Ki`,
    pods: String(maxPods),
  };
  const appArmor = await readFile("/sys/module/apparmor/parameters/enabled", "utf8").catch(() => "N");
  return { info, capacity, memoryBytes: memoryKi * 1024, appArmor: appArmor.startsWith("Y") };
}

async function memoryTotalKi(): Promise<number> {
  const text = await readFile("/proc/meminfo", "utf8");
  return Number(/^MemTotal:\s+(\d+)/m.exec(text)?.[1] ?? 0);
}

async function hugePages(): Promise<Record<string, string>> {
  const root = "/sys/kernel/mm/hugepages";
  const sizes = await readdir(root).catch(() => [] as string[]);
  const entries = sizes.map(async (dir) => {
    const ki = Number(/^hugepages-(\d+)kB$/.exec(dir)?.[1] ?? 0);
    const count = Number(await readFile(`${root}/${dir}/nr_hugepages`, "utf8").catch(() => "0"));
    const size = ki >= 1 << 20 ? `${ki >> 20}Gi` : `${ki >> 10}Mi`;
    return [`hugepages-${size}`, count === 0 ? "0" : `${(count * ki) >> 10}Mi`] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function systemInfo(cri: Cri): Promise<NodeSystemInfo> {
  const text = async (path: string) => (await readFile(path, "utf8").catch(() => "")).trim();
  const [machineID, uuid, bootID, os, runtime] = await Promise.all([
    text("/etc/machine-id"),
    text("/sys/class/dmi/id/product_uuid"),
    text("/proc/sys/kernel/random/boot_id"),
    text("/etc/os-release"),
    cri.version(),
  ]);
  return {
    machineID,
    systemUUID: uuid || machineID,
    bootID,
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(os)?.[1] ?? "Linux",
    containerRuntimeVersion: `${runtime.runtime_name}://${runtime.runtime_version.replace(/^v/, "").replace(/[~+].*/, "")}`,
    kubeletVersion: KUBERNETES_VERSION,
    kubeProxyVersion: "",
    operatingSystem: "linux",
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
  };
}
