/**
 * What the pods of a Job amount to: counts, indexes, and whether the Job has come to its end. Pure.
 *
 * @source pkg/controller/job/job_controller.go syncJob v1.36
 */
import type { Job, Pod } from "../../../shared/api/index.ts";
import type { JobCondition } from "../../../shared/api/generated/batch-v1.ts";
import { findCondition } from "../../../shared/apimachinery/index.ts";
import { formatTime, parseTime } from "../../../shared/lib/platform.ts";
import { isPodActive, isPodReady, isPodTerminating } from "../common/pod-state.ts";
import { Intervals } from "./intervals.ts";
import { judgeFailure, metSuccessRule } from "./policies.ts";
import {
  countOf,
  FAILURE_COUNT,
  finishedAt,
  hasLimitPerIndex,
  IGNORED_COUNT,
  indexOf,
  isFailed,
  isIndexed,
  isSuspended,
  isTracked,
  nextBackoff,
  type Backoff,
} from "./pods.ts";

export interface Observed {
  job: Job;
  pods: readonly Pod[];
  /** Uids of pods whose finalizer has been taken already, though the cache still shows it. */
  untracked: ReadonlySet<string>;
  backoff: Backoff;
  now: number;
}

export interface Sight {
  active: Pod[];
  ready: number;
  terminating: number;
  succeeded: number;
  /** Of an indexed Job: as its status says, and with what is new. */
  previousIndexes: Intervals;
  succeededIndexes: Intervals;
  failedIndexes: Intervals | undefined;
  /** Of each index without a running pod the failed one that its replacement comes after: it keeps the failure count. */
  lastFailed: Map<number, Pod>;
  backoff: Backoff;
  /** SuccessCriteriaMet, FailureTarget or Failed. */
  finished: JobCondition | undefined;
  startTime: string | undefined;
  deadlineMs: number | undefined;
}

export function condition(type: string, status: "True" | "False", reason: string, message: string, now: number): JobCondition {
  const at = formatTime(now);
  return { type, status, lastProbeTime: at, lastTransitionTime: at, reason, message };
}

export const isTrue = (conditions: readonly JobCondition[] | undefined, type: string): JobCondition | undefined => {
  const found = findCondition(conditions, type);
  return found?.status === "True" ? found : undefined;
};

export function observe(observed: Observed): Sight {
  const { job, pods, untracked, now } = observed;
  const active = pods.filter(isPodActive);
  const uncounted = job.status?.uncountedTerminatedPods;
  const isNew = (pod: Pod, counted: readonly string[] | undefined) =>
    isTracked(pod) &&
    !untracked.has(pod.metadata.uid) &&
    !counted?.includes(pod.metadata.uid) &&
    (!isIndexed(job) || indexOf(pod, job) !== undefined);
  const newSucceeded = pods.filter((p) => p.status?.phase === "Succeeded" && isNew(p, uncounted?.succeeded));
  const newFailed = pods.filter((p) => isFailed(p, job) && isNew(p, uncounted?.failed));
  const counted = newFailed.filter((p) => judgeFailure(job, p).counts).length;
  const failed = (job.status?.failed ?? 0) + counted + (uncounted?.failed?.length ?? 0);
  const sight: Sight = {
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    succeeded: (job.status?.succeeded ?? 0) + newSucceeded.length + (uncounted?.succeeded?.length ?? 0),
    previousIndexes: Intervals.empty,
    succeededIndexes: Intervals.empty,
    failedIndexes: undefined,
    lastFailed: new Map(),
    backoff: nextBackoff(observed.backoff, newSucceeded, newFailed),
    finished: earlierEnd(job, now) ?? failedByPolicy(observed),
    startTime: job.status?.startTime ?? (isSuspended(job) ? undefined : formatTime(now)),
    deadlineMs: undefined,
  };
  if (isIndexed(job)) observeIndexes(observed, sight);
  sight.deadlineMs = deadlineLeft(job, sight.startTime, now);
  sight.finished ??= limitsReached(observed, sight, failed);
  if (isIndexed(job)) sight.finished ??= indexEnd(observed, sight);
  return sight;
}

function earlierEnd(job: Job, now: number): JobCondition | undefined {
  const conditions = job.status?.conditions;
  const met = isTrue(conditions, "SuccessCriteriaMet");
  if (met) return met;
  const target = isTrue(conditions, "FailureTarget");
  return target && condition("Failed", "True", target.reason ?? "", target.message ?? "", now);
}

function failedByPolicy({ job, pods, now }: Observed): JobCondition | undefined {
  if (!job.spec?.podFailurePolicy) return undefined;
  for (const pod of pods) {
    const message = isFailed(pod, job) && judgeFailure(job, pod).failJob;
    if (message) return condition("FailureTarget", "True", "PodFailurePolicy", message, now);
  }
  return undefined;
}

function limitsReached({ job, pods, now }: Observed, sight: Sight, failed: number): JobCondition | undefined {
  const limit = job.spec?.backoffLimit ?? 6;
  if (failed > limit || restartsExceed(job, pods, limit)) {
    return condition("FailureTarget", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit", now);
  }
  if (sight.deadlineMs !== undefined && sight.deadlineMs <= 0) {
    return condition("FailureTarget", "True", "DeadlineExceeded", "Job was active longer than specified deadline", now);
  }
  return undefined;
}

/** Containers that restart in place count as failures where pods may restart them. */
function restartsExceed(job: Job, pods: readonly Pod[], limit: number): boolean {
  if (job.spec?.template?.spec?.restartPolicy !== "OnFailure") return false;
  const running = pods.filter((p) => p.status?.phase === "Running" || p.status?.phase === "Pending");
  const statuses = running.flatMap((p) => [...(p.status?.initContainerStatuses ?? []), ...(p.status?.containerStatuses ?? [])]);
  const restarts = statuses.reduce((n, s) => n + s.restartCount, 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function deadlineLeft(job: Job, startTime: string | undefined, now: number): number | undefined {
  const seconds = job.spec?.activeDeadlineSeconds;
  if (seconds === undefined || isSuspended(job) || !startTime) return undefined;
  return parseTime(startTime) + seconds * 1000 - now;
}

function observeIndexes({ job, pods, untracked }: Observed, sight: Sight): void {
  const completions = job.spec?.completions ?? 0;
  const tracked = pods.filter((p) => isTracked(p) && indexOf(p, job) !== undefined);
  sight.previousIndexes = Intervals.parse(job.status?.completedIndexes, completions);
  sight.succeededIndexes = sight.previousIndexes.with(
    tracked.filter((p) => p.status?.phase === "Succeeded").map((p) => indexOf(p, job)!),
  );
  sight.succeeded = sight.succeededIndexes.size;
  if (!hasLimitPerIndex(job)) return;
  const failed = tracked.filter((p) => isIndexFailed(p, job)).map((p) => indexOf(p, job)!);
  sight.failedIndexes = Intervals.parse(job.status?.failedIndexes, completions).with(failed);
  const running = new Set(sight.active.map((p) => indexOf(p, job)));
  for (const pod of tracked) {
    const index = indexOf(pod, job)!;
    if (!isFailed(pod, job) || untracked.has(pod.metadata.uid)) continue;
    if (sight.succeededIndexes.has(index) || sight.failedIndexes.has(index) || running.has(index)) continue;
    const other = sight.lastFailed.get(index);
    if (!other || (failuresOf(other) <= failuresOf(pod) && finishedAt(pod) >= finishedAt(other)))
      sight.lastFailed.set(index, pod);
  }
}

export const failuresOf = (pod: Pod): number => countOf(pod, FAILURE_COUNT) + countOf(pod, IGNORED_COUNT);

function isIndexFailed(pod: Pod, job: Job): boolean {
  if (!isFailed(pod, job)) return false;
  const { action, counts } = judgeFailure(job, pod);
  return action === "FailIndex" || (counts && countOf(pod, FAILURE_COUNT) >= job.spec!.backoffLimitPerIndex!);
}

function indexEnd({ job, now }: Observed, { failedIndexes, succeededIndexes }: Sight): JobCondition | undefined {
  const { maxFailedIndexes, completions = 0 } = job.spec!;
  const fail = (reason: string, message: string) => condition("FailureTarget", "True", reason, message, now);
  if (failedIndexes) {
    if (maxFailedIndexes !== undefined && failedIndexes.size > maxFailedIndexes) {
      return fail("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
    }
    if (failedIndexes.size > 0 && failedIndexes.size + succeededIndexes.size >= completions)
      return fail("FailedIndexes", "Job has failed indexes");
  }
  const met = metSuccessRule(job, succeededIndexes);
  return met === undefined ? undefined : condition("SuccessCriteriaMet", "True", "SuccessPolicy", met, now);
}
