/**
 * The status of a node: pure, from the machine, the runtime's state and what the API has.
 *
 * @source pkg/kubelet/nodestatus/setters.go v1.36
 */
import type { NodeAddress, NodeCondition, NodeStatus } from "../../../shared/api/generated/core-v1.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { Image } from "../../cri/index.ts";
import type { Machine } from "./machine.ts";

const MAX_IMAGES = 50;
const MAX_IMAGE_NAMES = 5;
/** Kept back from pods, as upstream's eviction threshold is. */
const MEMORY_RESERVE_KI = 100 * 1024;
const DISK_SHARE = 0.9;

export interface NodeStatusInput {
  machine: Machine;
  nodeName: string;
  addresses: readonly string[];
  port: number;
  images: readonly Image[];
  handlers: readonly string[];
  /** Why no pods can run here; empty: they can. */
  problem: string;
  old: Partial<NodeStatus>;
  now: number;
}

export function nodeStatus(input: NodeStatusInput): NodeStatus {
  const { machine, old, port } = input;
  const capacity = { ...foreign(old.capacity), ...machine.capacity };
  return {
    capacity,
    allocatable: { ...foreign(old.allocatable), ...allocatable(machine.capacity) },
    conditions: conditions(input),
    addresses: addresses(input),
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo: machine.info,
    images: imageList(input.images),
    runtimeHandlers: ["", ...input.handlers].map((name) => ({
      name,
      features: { recursiveReadOnlyMounts: false, userNamespaces: false },
    })),
    features: { supplementalGroupsPolicy: false },
  };
}

/** Extended resources that device plugins or administrators put there. */
function foreign(list: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(list ?? {}).filter(([name]) => name.includes("/")));
}

function allocatable(capacity: Readonly<Record<string, string>>): Record<string, string> {
  const ki = (name: string) => Number(capacity[name]!.replace("Ki", ""));
  return {
    ...capacity,
    memory: `${Math.max(ki("memory") - MEMORY_RESERVE_KI, 0)}Ki`,
    "ephemeral-storage": String(Math.floor(ki("ephemeral-storage") * 1024 * DISK_SHARE)),
  };
}

function addresses({ addresses, nodeName }: NodeStatusInput): NodeAddress[] {
  return [
    ...addresses.map((address) => ({ type: "InternalIP", address })),
    { type: "Hostname", address: nodeName },
  ] as NodeAddress[];
}

function conditions({ problem, old, now }: NodeStatusInput): NodeCondition[] {
  const ready = problem
    ? { status: "False", reason: "KubeletNotReady", message: problem }
    : { status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" };
  const all = [
    {
      type: "MemoryPressure",
      status: "False",
      reason: "KubeletHasSufficientMemory",
      message: "kubelet has sufficient memory available",
    },
    { type: "DiskPressure", status: "False", reason: "KubeletHasNoDiskPressure", message: "kubelet has no disk pressure" },
    { type: "PIDPressure", status: "False", reason: "KubeletHasSufficientPID", message: "kubelet has sufficient PID available" },
    { type: "Ready", ...ready },
  ];
  const time = formatTime(now);
  return all.map((condition) => {
    const before = old.conditions?.find(({ type }) => type === condition.type);
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: time, lastTransitionTime: since ?? time };
  });
}

/** The biggest ones: schedulers weigh what would not have to be pulled. */
function imageList(images: readonly Image[]) {
  return images
    .toSorted((a, b) => b.size - a.size)
    .slice(0, MAX_IMAGES)
    .map(({ repo_digests, repo_tags, size }) => ({
      names: [...repo_digests, ...repo_tags].slice(0, MAX_IMAGE_NAMES),
      sizeBytes: size,
    }))
    .filter(({ names }) => names.length > 0);
}

/** What of a status differs, apart from heartbeats; undefined: nothing. */
export function nodeStatusPatch(
  from: Partial<NodeStatus>,
  to: NodeStatus,
  heartbeat: boolean,
): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(to) as (keyof NodeStatus)[]) {
    if (key === "conditions") continue;
    if (same(from[key], to[key])) continue;
    patch[key] = key === "addresses" ? [{ $patch: "replace" }, ...to.addresses!] : to[key];
  }
  const changed = to.conditions!.filter((condition) => {
    const before = from.conditions?.find(({ type }) => type === condition.type);
    return (
      heartbeat ||
      before?.status !== condition.status ||
      before?.reason !== condition.reason ||
      before?.message !== condition.message
    );
  });
  if (changed.length > 0) patch.conditions = to.conditions;
  return Object.keys(patch).length > 0 ? patch : undefined;
}

const same = (a: unknown, b: unknown) => canonical(a) === canonical(b);

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === "object" && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort()) : part,
  );
}
