/** What a Job reads from its pods: index, finalizer, failure, and when they ended. */
import type { Job, Pod } from "../../../shared/api/index.ts";
import { findCondition } from "../../../shared/apimachinery/index.ts";
import { parseTime } from "../../../shared/lib/platform.ts";

export const TRACKING = "batch.kubernetes.io/job-tracking";
export const INDEX = "batch.kubernetes.io/job-completion-index";
export const FAILURE_COUNT = "batch.kubernetes.io/job-index-failure-count";
export const IGNORED_COUNT = "batch.kubernetes.io/job-index-ignored-failure-count";
const FIRST_BACKOFF_MS = 10_000;
const LONGEST_BACKOFF_MS = 600_000;

export const isTracked = (pod: Pod): boolean => !!pod.metadata.finalizers?.includes(TRACKING);
export const isIndexed = (job: Job): boolean => job.spec?.completionMode === "Indexed";
export const isSuspended = (job: Job): boolean => !!job.spec?.suspend;
export const hasLimitPerIndex = (job: Job): boolean => job.spec?.backoffLimitPerIndex !== undefined;
/** A pod that is being deleted is replaced only when it has ended. */
export const replacesOnlyFailed = (job: Job): boolean =>
  job.spec?.podReplacementPolicy === "Failed" || !!job.spec?.podFailurePolicy;

export function isFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === "Failed") return true;
  if (replacesOnlyFailed(job)) return false;
  return !!pod.metadata.deletionTimestamp && pod.status?.phase !== "Succeeded";
}

/** undefined where the pod has none, or one beyond the Job's completions. */
export function indexOf(pod: Pod, job: Job): number | undefined {
  const text = pod.metadata.annotations?.[INDEX];
  const index = Number(text ?? Number.NaN);
  return Number.isInteger(index) && index >= 0 && index < (job.spec?.completions ?? 0) ? index : undefined;
}

export function countOf(pod: Pod, annotation: string): number {
  const count = Number(pod.metadata.annotations?.[annotation] ?? 0);
  return Number.isInteger(count) && count > 0 ? count : 0;
}

/** Milliseconds since the epoch. */
export function finishedAt(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).map((s) => s.state?.terminated?.finishedAt);
  if (ends.length && ends.every(Boolean)) return Math.max(...ends.map((t) => parseTime(t!)));
  const ready = findCondition(pod.status?.conditions, "Ready");
  if (ready?.status === "False" && ready.lastTransitionTime) return parseTime(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  if (deletionTimestamp) return parseTime(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return parseTime(creationTimestamp);
}

/** How long to wait after the `failures`th failure in a row: 10 s, 20 s, … 10 min. */
export function backoffLeftMs(failures: number, lastFailure: number | undefined, now: number): number {
  if (failures === 0 || lastFailure === undefined) return 0;
  const wait = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
  return Math.max(0, lastFailure + wait - now);
}

export interface Backoff {
  failures: number;
  lastFailure?: number;
}

/** The record with newly finished pods: a success starts the count anew, failures after it count. */
export function nextBackoff(old: Backoff, succeeded: readonly Pod[], failed: readonly Pod[]): Backoff {
  const failures = failed.map(finishedAt).sort((a, b) => a - b);
  if (succeeded.length === 0) {
    return failures.length ? { failures: old.failures + failures.length, lastFailure: failures.at(-1)! } : old;
  }
  const lastSuccess = Math.max(...succeeded.map(finishedAt));
  const after = failures.filter((t) => t > lastSuccess);
  return after.length ? { failures: after.length, lastFailure: after.at(-1)! } : { failures: 0 };
}
