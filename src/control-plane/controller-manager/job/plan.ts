/**
 * Which pods a running Job creates and which it deletes. Pure.
 *
 * @source pkg/controller/job/job_controller.go manageJob v1.36
 */
import type { Job, Pod } from "../../../shared/api/index.ts";
import { podsToDelete } from "../common/deletion-order.ts";
import { isPodTerminating } from "../common/pod-state.ts";
import { failuresOf, type Observed, type Sight } from "./observe.ts";
import { backoffLeftMs, finishedAt, hasLimitPerIndex, indexOf, isIndexed, isSuspended, replacesOnlyFailed } from "./pods.ts";

const MAX_AT_ONCE = 500;

export interface Plan {
  remove: Pod[];
  /** Pods to create: with these indexes, or without. */
  create: (number | undefined)[];
  /** Too early to replace what failed. */
  waitMs?: number;
}

export function plan(observed: Observed, sight: Sight): Plan {
  const { job, pods, now } = observed;
  const nothing: Plan = { remove: [], create: [] };
  if (isSuspended(job)) return { ...nothing, remove: surplus(job, sight.active, sight.active.length, now) };
  const wanted = wantedActive(job, sight);
  const remove = surplus(job, sight.active, Math.max(0, sight.active.length - wanted), now).slice(0, MAX_AT_ONCE);
  if (remove.length) return { ...nothing, remove };
  const missing = wanted - sight.active.length - (replacesOnlyFailed(job) ? sight.terminating : 0);
  if (missing <= 0) return nothing;
  if (!hasLimitPerIndex(job)) {
    const waitMs = backoffLeftMs(sight.backoff.failures, sight.backoff.lastFailure, now);
    if (waitMs > 0) return { ...nothing, waitMs };
  }
  const count = Math.min(missing, MAX_AT_ONCE);
  if (!isIndexed(job)) return { ...nothing, create: Array.from({ length: count }, () => undefined) };
  return pickIndexes(job, pods, sight, count, now);
}

function wantedActive(job: Job, { active, succeeded }: Sight): number {
  const { completions, parallelism = 1 } = job.spec ?? {};
  // A work queue: once one pod has succeeded, the others finish by themselves.
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

/** Pods with a wrong or doubled index go in any case; of a doubled index the one stays whose loss would cost most. */
function surplus(job: Job, active: readonly Pod[], atLeast: number, now: number): Pod[] {
  const remove: Pod[] = [];
  let left: Pod[] = [];
  if (isIndexed(job)) {
    const byIndex = new Map<number | undefined, Pod[]>();
    for (const pod of active) byIndex.set(indexOf(pod, job), [...(byIndex.get(indexOf(pod, job)) ?? []), pod]);
    for (const [index, pods] of byIndex) {
      const extra = podsToDelete(pods, [], index === undefined ? pods.length : pods.length - 1, now);
      remove.push(...extra);
      left.push(...pods.filter((p) => !extra.includes(p)));
    }
  } else left = [...active];
  if (remove.length < atLeast) remove.push(...podsToDelete(left, [], atLeast - remove.length, now));
  return remove;
}

function pickIndexes(job: Job, pods: readonly Pod[], sight: Sight, count: number, now: number): Plan {
  const indexesOf = (list: readonly Pod[]) => list.map((p) => indexOf(p, job)).filter((i) => i !== undefined);
  let busy = sight.succeededIndexes.with(indexesOf(sight.active));
  if (replacesOnlyFailed(job)) busy = busy.with(indexesOf(pods.filter(isPodTerminating)));
  if (sight.failedIndexes) busy = busy.union(sight.failedIndexes);
  const free = busy.firstMissing(count, job.spec?.completions ?? 0);
  if (!hasLimitPerIndex(job)) return { remove: [], create: free };
  const waits = free.map((index) => {
    const failed = sight.lastFailed.get(index);
    return failed ? backoffLeftMs(failuresOf(failed) + 1, finishedAt(failed), now) : 0;
  });
  const create = free.filter((_, i) => waits[i] === 0);
  if (create.length || !free.length) return { remove: [], create };
  return { remove: [], create: [], waitMs: Math.min(...waits) };
}
