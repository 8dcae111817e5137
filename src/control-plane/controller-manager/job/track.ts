/**
 * Counting finished pods exactly once.
 *
 * Each pod carries a finalizer until it is counted: its uid goes into `status.uncountedTerminatedPods`, then its finalizer is taken, then the uid
 * moves into the counters. Whatever step is interrupted, the next sync finds where it stood. Pure; the shell writes between the steps.
 *
 * @source pkg/controller/job/job_controller.go trackJobStatusAndRemoveFinalizers v1.36
 */
import type { Job, Pod } from "../../../shared/api/index.ts";
import type { JobCondition, JobStatus } from "../../../shared/api/generated/batch-v1.ts";
import { condition, isTrue, type Observed, type Sight } from "./observe.ts";
import { judgeFailure } from "./policies.ts";
import { hasLimitPerIndex, indexOf, isFailed, isIndexed, isTracked } from "./pods.ts";

const MAX_UNCOUNTED = 500;

export interface Tracking {
  /** To be written before finalizers are taken. */
  status: JobStatus;
  release: Pod[];
  /** How the Job ends as soon as nothing is left to count. */
  finished: JobCondition | undefined;
  /** More is left than one turn takes. */
  partial: boolean;
}

export function track({ job, pods, untracked, now }: Observed, sight: Sight, status: JobStatus): Tracking {
  const uncounted = {
    succeeded: [...(job.status?.uncountedTerminatedPods?.succeeded ?? [])],
    failed: [...(job.status?.uncountedTerminatedPods?.failed ?? [])],
  };
  const known = { succeeded: new Set(uncounted.succeeded), failed: new Set(uncounted.failed) };
  const tracked = pods.filter((p) => isTracked(p) && !untracked.has(p.metadata.uid));
  const next = settleCounted({ ...status, uncountedTerminatedPods: uncounted }, new Set(tracked.map((p) => p.metadata.uid)));
  const lists = next.uncountedTerminatedPods as { succeeded: string[]; failed: string[] };
  const newIndexes: number[] = [];
  const release: Pod[] = [];
  let partial = false;
  for (const pod of isIndexed(job) ? sortedByIndex(tracked, job) : tracked) {
    const failed = isFailed(pod, job);
    if (!mayRelease(job, sight, pod, failed)) continue;
    release.push(pod);
    const { uid } = pod.metadata;
    const index = indexOf(pod, job);
    if (pod.status?.phase === "Succeeded" && !known.failed.has(uid)) {
      if (!isIndexed(job)) {
        if (!known.succeeded.has(uid)) lists.succeeded.push(uid);
      } else if (index !== undefined && !sight.previousIndexes.has(index)) newIndexes.push(index);
    } else if ((failed || (sight.finished && sight.finished.type !== "SuccessCriteriaMet")) && !known.failed.has(uid)) {
      if ((!isIndexed(job) || index !== undefined) && judgeFailure(job, pod).counts) lists.failed.push(uid);
    }
    partial = newIndexes.length + lists.succeeded.length + lists.failed.length >= MAX_UNCOUNTED;
    if (partial) break;
  }
  if (isIndexed(job)) {
    const succeeded = partial ? sight.previousIndexes.with(newIndexes) : sight.succeededIndexes;
    next.completedIndexes = succeeded.toString();
    next.succeeded = succeeded.size;
    if (sight.failedIndexes) next.failedIndexes = sight.failedIndexes.toString();
  }
  return { status: next, release, partial, finished: announce(next, sight.finished, now) };
}

/** The end is announced before it is reached: FailureTarget before Failed, SuccessCriteriaMet before Complete. */
function announce(status: JobStatus, finished: JobCondition | undefined, now: number): JobCondition | undefined {
  if (!finished) return undefined;
  const { reason = "", message = "" } = finished;
  if (finished.type === "FailureTarget") {
    status.conditions = [...(status.conditions ?? []), finished];
    return condition("Failed", "True", reason, message, now);
  }
  if (finished.type !== "SuccessCriteriaMet") return finished;
  if (!isTrue(status.conditions, "SuccessCriteriaMet")) status.conditions = [...(status.conditions ?? []), finished];
  return condition("Complete", "True", reason, message, now);
}

/** Uids whose pods have lost their finalizer (or are gone) move into the counters. */
export function settleCounted(status: JobStatus, tracked: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const left = { succeeded: succeeded.filter((uid) => tracked.has(uid)), failed: failed.filter((uid) => tracked.has(uid)) };
  return {
    ...status,
    uncountedTerminatedPods: left,
    succeeded: (status.succeeded ?? 0) + succeeded.length - left.succeeded.length,
    failed: (status.failed ?? 0) + failed.length - left.failed.length,
  };
}

/** With the final condition, if nothing stands in its way any more. */
export function enactFinish(status: JobStatus, finished: JobCondition | undefined, partial: boolean): JobStatus | undefined {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  if (!finished || partial || succeeded.length + failed.length > 0 || (status.terminating ?? 0) > 0) return undefined;
  const conditions = [...(status.conditions ?? []).filter((c) => c.type !== finished.type), finished];
  return { ...status, conditions, ...(finished.type === "Complete" && { completionTime: finished.lastTransitionTime! }) };
}

function mayRelease(job: Job, sight: Sight, pod: Pod, failed: boolean): boolean {
  if (job.metadata.deletionTimestamp || sight.finished || pod.status?.phase === "Succeeded") return true;
  if (!failed) return false;
  // The last failed pod of an index keeps the count until its replacement has it.
  const index = hasLimitPerIndex(job) ? indexOf(pod, job) : undefined;
  return index === undefined || sight.lastFailed.get(index)?.metadata.uid !== pod.metadata.uid;
}

const sortedByIndex = (pods: readonly Pod[], job: Job): Pod[] =>
  [...pods].sort((a, b) => (indexOf(a, job) ?? -1) - (indexOf(b, job) ?? -1));
