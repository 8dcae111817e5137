/**
 * Which pods a controller removes first when it has too many: those whose loss costs least.
 *
 * Unassigned before assigned, Pending before Unknown before Running, not ready before ready, cheap before expensive (annotation), pods that
 * share a node with more of their siblings, the ones that became ready last, the ones that restarted most, the youngest. Ages compare by
 * powers of two, so that among pods of about the same age the choice is even (by uid).
 *
 * @source pkg/controller/controller_utils.go ActivePodsWithRanks v1.36
 */
import type { Pod } from "../../../shared/api/index.ts";
import { parseTime } from "../../../shared/lib/platform.ts";
import { isPodActive, isPodReady, readySince } from "./pod-state.ts";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const PHASE_ORDER: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

interface Entry {
  pod: Pod;
  assigned: boolean;
  phase: number;
  ready: boolean;
  cost: number;
  rank: number;
  readyAge: number;
  restarts: readonly [regular: number, sidecar: number];
  age: number;
}

/** The `count` pods to remove. `related` are pods of the same owner's other sets, which count for crowding on a node. */
export function podsToDelete(pods: readonly Pod[], related: readonly Pod[], count: number, now: number): Pod[] {
  if (count >= pods.length) return [...pods];
  const perNode = new Map<string, number>();
  for (const pod of related) {
    if (pod.spec.nodeName && isPodActive(pod)) perNode.set(pod.spec.nodeName, (perNode.get(pod.spec.nodeName) ?? 0) + 1);
  }
  const entries = pods.map((pod) => entryOf(pod, perNode.get(pod.spec.nodeName ?? "") ?? 0, now));
  return entries
    .sort(compare)
    .slice(0, count)
    .map((e) => e.pod);
}

function entryOf(pod: Pod, rank: number, now: number): Entry {
  const cost = Number(pod.metadata.annotations?.[DELETION_COST] ?? 0);
  return {
    pod,
    assigned: !!pod.spec.nodeName,
    phase: PHASE_ORDER[pod.status?.phase ?? ""] ?? 0,
    ready: isPodReady(pod),
    cost: Number.isInteger(cost) ? cost : 0,
    rank,
    readyAge: logAge(readySince(pod), now),
    restarts: restartCounts(pod),
    age: logAge(parseTime(pod.metadata.creationTimestamp), now),
  };
}

function compare(a: Entry, b: Entry): number {
  return (
    Number(a.assigned) - Number(b.assigned) ||
    a.phase - b.phase ||
    Number(a.ready) - Number(b.ready) ||
    a.cost - b.cost ||
    b.rank - a.rank ||
    (a.ready && b.ready ? a.readyAge - b.readyAge : 0) ||
    b.restarts[0] - a.restarts[0] ||
    b.restarts[1] - a.restarts[1] ||
    a.age - b.age ||
    (a.pod.metadata.uid < b.pod.metadata.uid ? -1 : 1)
  );
}

function logAge(since: number | undefined, now: number): number {
  if (since === undefined || Number.isNaN(since)) return -1;
  const ms = now - since;
  return ms > 0 ? Math.floor(Math.log2(ms * 1e6)) : -1;
}

function restartCounts(pod: Pod): readonly [number, number] {
  const max = (statuses: readonly { restartCount: number }[] | undefined) =>
    Math.max(0, ...(statuses ?? []).map((s) => s.restartCount));
  return [max(pod.status?.containerStatuses), max(pod.status?.initContainerStatuses)];
}
