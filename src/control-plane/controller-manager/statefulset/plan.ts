/**
 * What to do for a StatefulSet: pods to create, delete or repair, in order, and its status. Pure.
 *
 * Ordered sets take one step at a time, and only while every pod before it is running, ready and available; parallel ones take all at once.
 * Scaling down goes from the highest ordinal, and so does an update, down to the partition.
 *
 * @source pkg/controller/statefulset/stateful_set_control.go v1.36
 */
import type { Pod, StatefulSet } from "../../../shared/api/index.ts";
import type { StatefulSetStatus } from "../../../shared/api/generated/apps-v1.ts";
import { scaledValue } from "../../../shared/apimachinery/index.ts";
import { isPodAvailable, isPodFinished, isPodReady } from "../common/pod-state.ts";
import { isIdentified, ordinalOf, REVISION_LABEL, startOrdinal } from "./identity.ts";

export interface Observed {
  set: StatefulSet;
  pods: readonly Pod[];
  /** Names of revisions. */
  current: string;
  update: string;
  collisionCount: number | undefined;
  now: number;
}

export interface Plan {
  create: { ordinal: number; revision: string }[];
  remove: Pod[];
  /** Labels or claims are not what they should be. */
  repair: Pod[];
  /** Pods whose claims may be missing. */
  claims: Pod[];
  status: StatefulSetStatus;
}

const isTerminating = (pod: Pod) => !!pod.metadata.deletionTimestamp;
const isCreated = (pod: Pod) => !!pod.status?.phase;
const isRunningAndReady = (pod: Pod) => pod.status?.phase === "Running" && isPodReady(pod);
export const revisionOf = (pod: Pod): string => pod.metadata.labels?.[REVISION_LABEL] ?? "";

export function plan(observed: Observed): Plan {
  const { set } = observed;
  const todo: Plan = { create: [], remove: [], repair: [], claims: [], status: statusOf(observed) };
  if (!set.metadata.deletionTimestamp) steps(observed, todo);
  completeUpdate(set, todo.status);
  return todo;
}

function steps(observed: Observed, todo: Plan): void {
  const { set, pods } = observed;
  const start = startOrdinal(set);
  const replicas: (Pod | undefined)[] = Array.from({ length: set.spec.replicas ?? 1 });
  const condemned: Pod[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(pod);
    if (ordinal >= start && ordinal < start + replicas.length) replicas[ordinal - start] = pod;
    else if (ordinal >= 0) condemned.push(pod);
  }
  condemned.sort((a, b) => ordinalOf(b) - ordinalOf(a));
  const ordered = set.spec.podManagementPolicy !== "Parallel";
  if (!growAndMend(observed, replicas, ordered, todo)) return;
  const firstUnavailable = [...replicas, ...condemned.toReversed()].find((pod) => !pod || isUnavailable(observed, pod));
  if (!shrink(observed, condemned, firstUnavailable, ordered, todo)) return;
  if (set.spec.updateStrategy?.type !== "OnDelete") roll(observed, replicas, todo);
}

const isUnavailable = ({ set, now }: Observed, pod: Pod | undefined): boolean =>
  !pod || isTerminating(pod) || !isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now);

/** false: an ordered set has to wait here. */
function growAndMend(observed: Observed, replicas: readonly (Pod | undefined)[], ordered: boolean, todo: Plan): boolean {
  const { set, now } = observed;
  for (const [i, pod] of replicas.entries()) {
    if (!pod) {
      const ordinal = startOrdinal(set) + i;
      todo.create.push({ ordinal, revision: revisionFor(observed, ordinal) });
      if (ordered) return false;
      continue;
    }
    if (isPodFinished(pod)) {
      if (!isTerminating(pod)) todo.remove.push(pod);
      if (ordered) return false;
      continue;
    }
    if (pod.status?.phase === "Pending") todo.claims.push(pod);
    if (ordered && (isTerminating(pod) || !isRunningAndReady(pod) || !isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now)))
      return false;
    if (!isIdentified(set, pod)) todo.repair.push(pod);
  }
  return true;
}

function shrink(
  { set, now }: Observed,
  condemned: readonly Pod[],
  firstUnavailable: Pod | undefined,
  ordered: boolean,
  todo: Plan,
): boolean {
  if (!ordered) {
    todo.remove.push(...condemned.filter((pod) => !isTerminating(pod)));
    return true;
  }
  const [pod] = condemned;
  if (!pod) return true;
  const healthy = isRunningAndReady(pod) && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now);
  if (!isTerminating(pod) && (healthy || pod === firstUnavailable)) todo.remove.push(pod);
  return false;
}

/** Replaces pods of other revisions from the top, as many as may be unavailable. */
function roll(observed: Observed, replicas: readonly (Pod | undefined)[], todo: Plan): void {
  const { partition = 0, maxUnavailable = 1 } = observed.set.spec.updateStrategy?.rollingUpdate ?? {};
  const allowed = Math.max(1, scaledValue(maxUnavailable, replicas.length, "down"));
  let room = allowed - replicas.filter((pod) => isUnavailable(observed, pod)).length;
  for (let i = replicas.length - 1; i >= partition && room > 0; i--) {
    const pod = replicas[i];
    if (!pod || revisionOf(pod) === observed.update || isTerminating(pod)) continue;
    todo.remove.push(pod);
    todo.status.currentReplicas = (todo.status.currentReplicas ?? 0) - (revisionOf(pod) === observed.current ? 1 : 0);
    room--;
  }
}

/** Below the partition (or, without one, among those not updated yet) a pod comes back as it was. */
function revisionFor({ set, current, update }: Observed, ordinal: number): string {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type === "OnDelete") return update;
  const kept = rollingUpdate ? (rollingUpdate.partition ?? 0) : (set.status?.currentReplicas ?? 0);
  return ordinal < startOrdinal(set) + kept ? current : update;
}

function statusOf({ set, pods, current, update, collisionCount, now }: Observed): StatefulSetStatus {
  const created = pods.filter(isCreated);
  const ready = pods.filter(isRunningAndReady);
  const live = created.filter((pod) => !isTerminating(pod));
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: created.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length,
    currentReplicas: live.filter((pod) => revisionOf(pod) === current).length,
    updatedReplicas: live.filter((pod) => revisionOf(pod) === update).length,
    currentRevision: current,
    updateRevision: update,
    collisionCount: collisionCount ?? 0,
    ...(set.status?.conditions && { conditions: set.status.conditions }),
  };
}

function completeUpdate({ spec }: StatefulSet, status: StatefulSetStatus): void {
  const replicas = spec.replicas ?? 1;
  if (spec.updateStrategy?.type === "OnDelete") return;
  if (status.updatedReplicas !== replicas || status.readyReplicas !== replicas || status.replicas !== replicas) return;
  status.currentReplicas = replicas;
  status.currentRevision = status.updateRevision!;
}
