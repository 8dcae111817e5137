/**
 * What pods use: `/stats/summary` and `/metrics/resource`, from the runtime's counters.
 *
 * @source pkg/kubelet/server/stats/summary.go, pkg/kubelet/metrics/collectors/resource_metrics.go v1.36
 */
import { readFile } from "node:fs/promises";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { ContainerStats } from "../../cri/index.ts";
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID } from "../runtime/labels.ts";
import type { ServerContext } from "./index.ts";

const NS_PER_MS = 1_000_000;
const NS_PER_S = 1_000_000_000;
/** /proc/stat counts hundredths of a second. */
const NS_PER_TICK = 10_000_000;

interface Usage {
  time: string;
  cpuNanoSeconds: number;
  cpuNanoCores: number;
  workingSetBytes: number;
  usageBytes: number;
  rssBytes: number;
}

function usageOf({ cpu, memory }: ContainerStats): Usage {
  return {
    time: formatTime((cpu?.timestamp ?? 0) / NS_PER_MS),
    cpuNanoSeconds: cpu?.usage_core_nano_seconds?.value ?? 0,
    cpuNanoCores: cpu?.usage_nano_cores?.value ?? 0,
    workingSetBytes: memory?.working_set_bytes?.value ?? 0,
    usageBytes: memory?.usage_bytes?.value ?? 0,
    rssBytes: memory?.rss_bytes?.value ?? 0,
  };
}

const cpuAndMemory = ({ time, cpuNanoCores, cpuNanoSeconds, usageBytes, workingSetBytes, rssBytes }: Usage) => ({
  cpu: { time, usageNanoCores: cpuNanoCores, usageCoreNanoSeconds: cpuNanoSeconds },
  memory: { time, usageBytes, workingSetBytes, rssBytes },
});

export async function statsSummary({ context }: ServerContext): Promise<unknown> {
  const [stats, node] = await Promise.all([context.cri.listStats(), nodeUsage(context.platform.clock.now())]);
  const pods = [...groupByPod(stats)].map(([, containers]) => {
    const { labels } = containers[0]!.attributes;
    const usages = containers.map(usageOf);
    return {
      podRef: { name: labels[POD_NAME], namespace: labels[POD_NAMESPACE], uid: labels[POD_UID] },
      containers: containers.map((stats, index) => ({
        name: stats.attributes.labels[CONTAINER_NAME],
        ...cpuAndMemory(usages[index]!),
      })),
      ...cpuAndMemory(usages.reduce(sum)),
    };
  });
  return { node: { nodeName: context.nodeName, ...cpuAndMemory(node) }, pods };
}

export async function resourceMetrics({ context }: ServerContext): Promise<string> {
  const [stats, node] = await Promise.all([context.cri.listStats(), nodeUsage(context.platform.clock.now())]);
  const lines = [
    `node_cpu_usage_seconds_total ${node.cpuNanoSeconds / NS_PER_S}`,
    `node_memory_working_set_bytes ${node.workingSetBytes}`,
  ];
  for (const entry of stats) {
    const { labels } = entry.attributes;
    const usage = usageOf(entry);
    const pod = `namespace="${labels[POD_NAMESPACE]}",pod="${labels[POD_NAME]}"`;
    const at = `{container="${labels[CONTAINER_NAME]}",${pod}}`;
    lines.push(`container_cpu_usage_seconds_total${at} ${usage.cpuNanoSeconds / NS_PER_S}`);
    lines.push(`container_memory_working_set_bytes${at} ${usage.workingSetBytes}`);
  }
  return `${lines.sort().join("\n")}\n`;
}

function groupByPod(stats: readonly ContainerStats[]): Map<string, ContainerStats[]> {
  const pods = new Map<string, ContainerStats[]>();
  for (const entry of stats) {
    const uid = entry.attributes.labels[POD_UID] ?? "";
    pods.set(uid, [...(pods.get(uid) ?? []), entry]);
  }
  return pods;
}

function sum(a: Usage, b: Usage): Usage {
  return {
    time: a.time > b.time ? a.time : b.time,
    cpuNanoSeconds: a.cpuNanoSeconds + b.cpuNanoSeconds,
    cpuNanoCores: a.cpuNanoCores + b.cpuNanoCores,
    workingSetBytes: a.workingSetBytes + b.workingSetBytes,
    usageBytes: a.usageBytes + b.usageBytes,
    rssBytes: a.rssBytes + b.rssBytes,
  };
}

async function nodeUsage(now: number): Promise<Usage> {
  const [stat, meminfo] = await Promise.all([readFile("/proc/stat", "utf8"), readFile("/proc/meminfo", "utf8")]);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = /^cpu\s+(.*)$/m.exec(stat)![1]!.split(" ").map(Number);
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(meminfo)?.[1] ?? 0) * 1024;
  const used = bytes("MemTotal") - bytes("MemAvailable");
  const cpuNanoSeconds = (user + nice + system + irq + softirq) * NS_PER_TICK;
  return { time: formatTime(now), cpuNanoSeconds, cpuNanoCores: 0, workingSetBytes: used, usageBytes: used, rssBytes: used };
}
