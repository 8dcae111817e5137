/** Deletes Jobs some time after they have finished, where they say so. */
import { Job } from "../../../shared/api/index.ts";
import { isConflict, isNotFound } from "../../../shared/apimachinery/index.ts";
import { defineController, done } from "../../../shared/client/index.ts";
import { parseTime } from "../../../shared/lib/platform.ts";
import { finishedAs } from "../common/job-state.ts";

export const ttlAfterFinished = defineController({
  name: "ttl-after-finished-controller",
  for: Job,
  when: (job: Job, _old, deleted) => !deleted && job.spec?.ttlSecondsAfterFinished !== undefined && !!finishedAs(job),
  async reconcile(key, { cache, client, clock }) {
    const job = cache.get(Job, key);
    const left = job && leftMs(job, clock.now());
    if (left === undefined) return done;
    if (left > 0) return { requeueAfterMs: left };
    const { uid, resourceVersion } = job!.metadata;
    await client
      .delete(Job, job!.metadata, { propagationPolicy: "Foreground", preconditions: { uid, resourceVersion } })
      .catch((error: unknown) => {
        // Changed in between, perhaps its time to live: that change brings it here again.
        if (!isNotFound(error) && !isConflict(error)) throw error;
      });
    return done;
  },
});

/** undefined where the Job is to stay. */
function leftMs(job: Job, now: number): number | undefined {
  const seconds = job.spec?.ttlSecondsAfterFinished;
  const end = job.status?.conditions?.find((c) => c.type === finishedAs(job) && c.status === "True");
  if (seconds === undefined || !end?.lastTransitionTime || job.metadata.deletionTimestamp) return undefined;
  return parseTime(end.lastTransitionTime) + seconds * 1000 - now;
}
