/**
 * A Deployment's status out of its ReplicaSets: counts, and the conditions Available, Progressing and ReplicaFailure.
 *
 * @source pkg/controller/deployment/progress.go and sync.go calculateStatus v1.36
 */
import type { Deployment } from "../../../shared/api/index.ts";
import type { DeploymentCondition, DeploymentStatus } from "../../../shared/api/generated/apps-v1.ts";
import { findCondition, removeCondition } from "../../../shared/apimachinery/index.ts";
import { formatTime, parseTime } from "../../../shared/lib/platform.ts";
import { desiredOf, hasProgressDeadline, maxUnavailable, sum, type WorkingSet } from "./replica-sets.ts";

/** A condition of the same status and reason stays as it is; one of the same status keeps its transition time. */
export function setDeploymentCondition(
  conditions: readonly DeploymentCondition[] | undefined,
  type: string,
  status: "True" | "False" | "Unknown",
  reason: string,
  message: string,
  now: number,
): DeploymentCondition[] {
  const current = findCondition(conditions, type);
  if (current?.status === status && current.reason === reason) return [...conditions!];
  const at = formatTime(now);
  const lastTransitionTime = current?.status === status ? (current.lastTransitionTime ?? at) : at;
  return [...removeCondition(conditions, type), { type, status, reason, message, lastUpdateTime: at, lastTransitionTime }];
}

/** Counts and Available; the other conditions stay. */
export function countedStatus(
  deployment: Deployment,
  sets: readonly WorkingSet[],
  newSet: WorkingSet | undefined,
  now: number,
): DeploymentStatus {
  const available = sum(sets, (s) => s.available);
  const unavailable = Math.max(0, sum(sets, (s) => s.replicas) - available);
  const { collisionCount, conditions } = deployment.status ?? {};
  const enough = available >= desiredOf(deployment) - maxUnavailable(deployment);
  const terminating = sets.every((s) => s.terminating !== undefined) ? sum(sets, (s) => s.terminating!) : undefined;
  return {
    ...nonZero({
      observedGeneration: deployment.metadata.generation ?? 0,
      replicas: sum(sets, (s) => s.actual),
      updatedReplicas: newSet?.actual ?? 0,
      readyReplicas: sum(sets, (s) => s.ready),
      availableReplicas: available,
      unavailableReplicas: unavailable,
    }),
    ...(terminating !== undefined && { terminatingReplicas: terminating }),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: enough
      ? setDeploymentCondition(
          conditions,
          "Available",
          "True",
          "MinimumReplicasAvailable",
          "Deployment has minimum availability.",
          now,
        )
      : setDeploymentCondition(
          conditions,
          "Available",
          "False",
          "MinimumReplicasUnavailable",
          "Deployment does not have minimum availability.",
          now,
        ),
  };
}

function nonZero(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, n]) => n !== 0));
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = desiredOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(old: DeploymentStatus, next: DeploymentStatus): boolean {
  const outdated = (s: DeploymentStatus) => (s.replicas ?? 0) - (s.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    outdated(next) < outdated(old) ||
    (next.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, status: DeploymentStatus, now: number): boolean {
  const progressing = findCondition(status.conditions, "Progressing");
  if (!progressing || progressing.reason === "NewReplicaSetAvailable") return false;
  if (progressing.reason === "ProgressDeadlineExceeded") return true;
  return parseTime(progressing.lastUpdateTime ?? "") + deployment.spec.progressDeadlineSeconds! * 1000 < now;
}

/** The status of a rollout: as counted, with Progressing and ReplicaFailure. */
export function rolloutStatus(
  deployment: Deployment,
  sets: readonly WorkingSet[],
  newSet: WorkingSet | undefined,
  now: number,
): DeploymentStatus {
  const status = countedStatus(deployment, sets, newSet, now);
  if (!hasProgressDeadline(deployment)) status.conditions = removeCondition(status.conditions, "Progressing");
  const current = findCondition(deployment.status?.conditions, "Progressing");
  const settled = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === "NewReplicaSetAvailable";
  if (hasProgressDeadline(deployment) && !settled) status.conditions = progress(deployment, status, newSet, now);
  const failure = failureOf(newSet ? [newSet, ...sets] : sets);
  status.conditions = failure
    ? setDeploymentCondition(
        status.conditions,
        "ReplicaFailure",
        failure.status as "True",
        failure.reason ?? "",
        failure.message ?? "",
        now,
      )
    : removeCondition(status.conditions, "ReplicaFailure");
  return status;
}

function progress(
  deployment: Deployment,
  status: DeploymentStatus,
  newSet: WorkingSet | undefined,
  now: number,
): DeploymentCondition[] {
  const conditions = status.conditions!;
  const what = newSet ? `ReplicaSet "${newSet.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status)) {
    return setDeploymentCondition(
      conditions,
      "Progressing",
      "True",
      "NewReplicaSetAvailable",
      `${what} has successfully progressed.`,
      now,
    );
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    // Unlike elsewhere the same reason again renews lastUpdateTime: the deadline counts from the last progress.
    const at = formatTime(now);
    const current = findCondition(conditions, "Progressing");
    const lastTransitionTime = current?.status === "True" ? (current.lastTransitionTime ?? at) : at;
    const renewed = {
      type: "Progressing",
      status: "True",
      reason: "ReplicaSetUpdated",
      message: `${what} is progressing.`,
      lastUpdateTime: at,
      lastTransitionTime,
    };
    return [...removeCondition(conditions, "Progressing"), renewed];
  }
  if (hasTimedOut(deployment, status, now)) {
    return setDeploymentCondition(
      conditions,
      "Progressing",
      "False",
      "ProgressDeadlineExceeded",
      `${what} has timed out progressing.`,
      now,
    );
  }
  return conditions;
}

function failureOf(sets: readonly WorkingSet[]) {
  for (const set of sets) {
    const failure = findCondition(set.object.status?.conditions, "ReplicaFailure");
    if (failure) return failure;
  }
  return undefined;
}

/** When to look again whether the deadline has passed; undefined where none runs. */
export function deadlineCheckMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const progressing = findCondition(status.conditions, "Progressing");
  if (!hasProgressDeadline(deployment) || !progressing) return undefined;
  if (isComplete(deployment, status) || progressing.reason === "ProgressDeadlineExceeded") return undefined;
  const left = parseTime(progressing.lastUpdateTime ?? "") + deployment.spec.progressDeadlineSeconds! * 1000 - now;
  return Math.max(left + 1000, 1000);
}
