/**
 * What a node's state means: taints that follow from its conditions, and conditions when nothing is heard of it. Pure.
 *
 * @source pkg/controller/nodelifecycle/node_lifecycle_controller.go v1.36
 */
import type { Node } from "../../../shared/api/index.ts";
import type { NodeCondition, Taint } from "../../../shared/api/generated/core-v1.ts";
import { findCondition } from "../../../shared/apimachinery/index.ts";
import { formatTime } from "../../../shared/lib/platform.ts";

const NOT_READY = "node.kubernetes.io/not-ready";
const UNREACHABLE = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";

/** Condition and status → taint. */
const CONDITION_TAINTS: Record<string, Record<string, string>> = {
  Ready: { False: NOT_READY, Unknown: UNREACHABLE },
  MemoryPressure: { True: "node.kubernetes.io/memory-pressure" },
  DiskPressure: { True: "node.kubernetes.io/disk-pressure" },
  NetworkUnavailable: { True: "node.kubernetes.io/network-unavailable" },
  PIDPressure: { True: "node.kubernetes.io/pid-pressure" },
};
const MANAGED = new Set([...Object.values(CONDITION_TAINTS).flatMap((t) => Object.values(t)), UNSCHEDULABLE]);
const HEARTBEATS = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/**
 * Whether pods may be sent away from nodes that are not ready: not while no node is ready at all. Then it is more likely the control plane
 * that lost sight of its nodes, and there would be nowhere to go.
 */
export const mayEvict = (nodes: readonly Node[]): boolean =>
  nodes.some((n) => isReady(n) && n.metadata.labels?.["node.kubernetes.io/exclude-disruption"] === undefined);

const isReady = (node: Node) => findCondition(node.status?.conditions, "Ready")?.status === "True";

/** The node's taints as they should be, or undefined where they are. Taints of others stay, and in their place. */
export function taintsOf(node: Node, now: number, evict = true): Taint[] | undefined {
  const current = node.spec?.taints ?? [];
  const wanted = wantedTaints(node).filter((t) => evict || t.effect !== "NoExecute");
  const isManaged = (t: Taint) =>
    (t.effect === "NoSchedule" && MANAGED.has(t.key)) ||
    (t.effect === "NoExecute" && (t.key === NOT_READY || t.key === UNREACHABLE));
  const same = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
  const kept = current.filter((t) => !isManaged(t) || wanted.some((w) => same(w, t)));
  const added = wanted.filter((w) => !current.some((t) => same(t, w)));
  if (added.length === 0 && kept.length === current.length) return undefined;
  return [...kept, ...added.map((t) => ({ ...t, timeAdded: formatTime(now) }))];
}

function wantedTaints(node: Node): Taint[] {
  const taints: Taint[] = [];
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = CONDITION_TAINTS[type]?.[status];
    if (key) taints.push({ key, effect: "NoSchedule" });
  }
  if (node.spec?.unschedulable) taints.push({ key: UNSCHEDULABLE, effect: "NoSchedule" });
  const ready = findCondition(node.status?.conditions, "Ready")?.status;
  if (ready === "False") taints.push({ key: NOT_READY, effect: "NoExecute" });
  if (ready === "Unknown") taints.push({ key: UNREACHABLE, effect: "NoExecute" });
  return taints;
}

/** Conditions of a node that has been silent for too long, or undefined where they say so already. */
export function silentConditions(node: Node, now: number): NodeCondition[] | undefined {
  const at = formatTime(now);
  let changed = false;
  const conditions = (node.status?.conditions ?? []).map((c) => {
    if (!HEARTBEATS.includes(c.type) || c.status === "Unknown") return c;
    changed = true;
    return {
      ...c,
      status: "Unknown",
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
      lastTransitionTime: at,
    };
  });
  for (const type of HEARTBEATS) {
    if (findCondition(conditions, type)) continue;
    changed = true;
    conditions.push({
      type,
      status: "Unknown",
      reason: "NodeStatusNeverUpdated",
      message: "Kubelet never posted node status.",
      lastHeartbeatTime: node.metadata.creationTimestamp,
      lastTransitionTime: at,
    });
  }
  return changed ? conditions : undefined;
}
