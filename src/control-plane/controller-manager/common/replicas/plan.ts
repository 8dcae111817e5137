/**
 * How many pods to create or which to delete, and what the status says: ReplicaSets and ReplicationControllers alike. Pure.
 *
 * @source pkg/controller/replicaset/{replica_set,replica_set_utils}.go v1.36
 */
import type { Pod } from "../../../../shared/api/index.ts";
import type { ReplicaSetCondition, ReplicaSetStatus } from "../../../../shared/api/generated/apps-v1.ts";
import { findCondition, removeCondition } from "../../../../shared/apimachinery/index.ts";
import type { Labels } from "../../../../shared/apimachinery/index.ts";
import { formatTime } from "../../../../shared/lib/platform.ts";
import { podsToDelete } from "../deletion-order.ts";
import { availableAfterMs, isPodReady, nextAvailabilityMs } from "../pod-state.ts";

/** At most so many creations or deletions at a time. */
const BURST = 500;

/** What the two kinds have in common. */
export interface ReplicaOwner {
  desired: number;
  minReadySeconds: number;
  templateLabels: Labels | undefined;
  generation: number;
  status: ReplicaSetStatus | undefined;
}

export interface Todo {
  create: number;
  remove: Pod[];
}

/** `related` gives the pods of sibling sets; it is only asked when pods have to go. */
export function plan(owner: ReplicaOwner, active: readonly Pod[], related: () => readonly Pod[], now: number): Todo {
  const surplus = active.length - owner.desired;
  if (surplus < 0) return { create: Math.min(-surplus, BURST), remove: [] };
  if (surplus === 0) return { create: 0, remove: [] };
  return { create: 0, remove: podsToDelete(active, related(), Math.min(surplus, BURST), now) };
}

/** `failure` is what went wrong with the plan of this turn, if anything did. */
export function statusOf(
  owner: ReplicaOwner,
  active: readonly Pod[],
  terminating: number | undefined,
  failure: string | undefined,
  now: number,
): ReplicaSetStatus {
  let [ready, available, labelled] = [0, 0, 0];
  const labels = Object.entries(owner.templateLabels ?? {});
  for (const pod of active) {
    if (labels.every(([k, v]) => pod.metadata.labels?.[k] === v)) labelled++;
    if (!isPodReady(pod)) continue;
    ready++;
    if (!owner.minReadySeconds || availableAfterMs(pod, owner.minReadySeconds, now) === 0) available++;
  }
  const conditions = withFailure(owner, active.length, failure, now);
  return {
    replicas: active.length,
    ...(labelled && { fullyLabeledReplicas: labelled }),
    ...(ready && { readyReplicas: ready }),
    ...(available && { availableReplicas: available }),
    ...(terminating !== undefined && { terminatingReplicas: terminating }),
    observedGeneration: owner.generation,
    ...(conditions.length && { conditions }),
  };
}

/** The first failure stays until there is none. */
function withFailure(owner: ReplicaOwner, actual: number, failure: string | undefined, now: number): ReplicaSetCondition[] {
  const conditions = owner.status?.conditions ?? [];
  if (failure === undefined) return removeCondition(conditions, "ReplicaFailure");
  if (findCondition(conditions, "ReplicaFailure")) return conditions;
  const reason = actual < owner.desired ? "FailedCreate" : "FailedDelete";
  return [
    ...conditions,
    { type: "ReplicaFailure", status: "True", lastTransitionTime: formatTime(now), reason, message: failure },
  ];
}

/** When a ready pod will have become available; undefined where there is nothing to wait for. */
export function nextCheckMs(owner: ReplicaOwner, active: readonly Pod[], now: number): number | undefined {
  return owner.minReadySeconds > 0 ? nextAvailabilityMs(active, owner.minReadySeconds, now) : undefined;
}
