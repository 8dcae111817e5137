/** CronJobs: start Jobs on schedule, and keep a few of those that are done. */
import { CronJob, Job } from "../../../shared/api/index.ts";
import type { CronJobStatus } from "../../../shared/api/generated/batch-v1.ts";
import { isAlreadyExists, isNotFound } from "../../../shared/apimachinery/index.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import {
  controllerReference,
  defineController,
  done,
  isControlledBy,
  type ControllerContext,
  type Result,
} from "../../../shared/client/index.ts";
import { formatTime, parseTime, zoneOffsetMs } from "../../../shared/lib/platform.ts";
import { finishedAs } from "../common/job-state.ts";
import { isNamespaceTerminating, messageOf } from "../common/pod-control.ts";
import { writeStatus } from "../common/write-status.ts";
import { dueStart, untilNextMs } from "./due.ts";
import { parseSchedule, type NextTime } from "../../../shared/lib/cron-schedule.ts";

const TIMESTAMP = "batch.kubernetes.io/cronjob-scheduled-timestamp";

export const cronJob = defineController({
  name: "cronjob-controller",
  for: CronJob,
  owns: [Job],
  async reconcile(key, context) {
    const cj = context.cache.get(CronJob, key);
    if (!cj) return done;
    const jobs = context.cache.ownedBy(Job, cj).filter((j) => j.metadata.namespace === cj.metadata.namespace);
    const status: CronJobStatus = { ...cj.status, active: [...(cj.status?.active ?? [])] };
    try {
      await removeOld(cj, jobs, status, context);
      await settleActive(cj, jobs, status, context);
      return await start(cj, status, context);
    } finally {
      await writeStatus(CronJob, cj, status, context.client);
    }
  },
});

async function removeOld(cj: CronJob, jobs: readonly Job[], status: CronJobStatus, context: ControllerContext): Promise<void> {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cj.spec!;
  const order = (j: Job) => `${j.status?.startTime ?? "~"}|${j.metadata.name}`;
  for (const [type, limit] of [
    ["Complete", successfulJobsHistoryLimit],
    ["Failed", failedJobsHistoryLimit],
  ] as const) {
    if (limit === undefined) continue;
    const finished = jobs.filter((j) => finishedAs(j) === type).sort((a, b) => (order(a) < order(b) ? -1 : 1));
    for (const job of finished.slice(0, Math.max(0, finished.length - limit))) await deleteJob(cj, job, status, context);
  }
}

async function deleteJob(
  cj: CronJob,
  { metadata }: Job,
  status: CronJobStatus,
  { client, events }: ControllerContext,
): Promise<void> {
  try {
    await client.delete(Job, metadata, { propagationPolicy: "Background" });
  } catch (error) {
    if (isNotFound(error)) return;
    events.event(cj, "Warning", "FailedDelete", `Deleted job: ${messageOf(error)}`);
    throw error;
  }
  status.active = (status.active ?? []).filter((ref) => ref.uid !== metadata.uid);
  events.event(cj, "Normal", "SuccessfulDelete", `Deleted job ${metadata.name}`);
}

/** The list of running Jobs, and when one last succeeded. */
async function settleActive(
  cj: CronJob,
  jobs: readonly Job[],
  status: CronJobStatus,
  { client, events }: ControllerContext,
): Promise<void> {
  for (const job of jobs) {
    const listed = status.active!.some((ref) => ref.uid === job.metadata.uid);
    const finished = finishedAs(job);
    if (!finished && !listed) {
      events.event(
        cj,
        "Warning",
        "UnexpectedJob",
        `Saw a job that the controller did not create or forgot: ${job.metadata.name}`,
      );
    }
    if (finished && listed) {
      status.active = status.active!.filter((ref) => ref.uid !== job.metadata.uid);
      events.event(cj, "Normal", "SawCompletedJob", `Saw completed job: ${job.metadata.name}, condition: ${finished}`);
    }
    const ended = finished === "Complete" ? job.status?.completionTime : undefined;
    if (ended && (!status.lastSuccessfulTime || parseTime(ended) > parseTime(status.lastSuccessfulTime)))
      status.lastSuccessfulTime = ended;
  }
  for (const ref of status.active!) {
    if (jobs.some((j) => j.metadata.uid === ref.uid)) continue;
    const exists = await client.get(Job, { namespace: cj.metadata.namespace!, name: ref.name! }).then(
      () => true,
      (error: unknown) => {
        if (!isNotFound(error)) throw error;
        return false;
      },
    );
    if (exists) continue;
    events.event(cj, "Normal", "MissingJob", `Active job went missing: ${ref.name}`);
    status.active = status.active!.filter((r) => r.uid !== ref.uid);
  }
}

async function start(cj: CronJob, status: CronJobStatus, context: ControllerContext): Promise<Result> {
  const { events, clock } = context;
  const { suspend, startingDeadlineSeconds, concurrencyPolicy } = cj.spec!;
  if (cj.metadata.deletionTimestamp || suspend) return done;
  const next = scheduleOf(cj, context);
  if (!next) return done;
  const now = clock.now();
  const again = (): Result => {
    const requeueAfterMs = untilNextMs({ ...cj, status }, now, next);
    return requeueAfterMs === undefined ? done : { requeueAfterMs };
  };
  const { at, tooMany, never } = dueStart(cj, now, next);
  if (never) {
    const message = `invalid schedule: ${cj.spec!.schedule} : time difference between two schedules is less than 1 second`;
    events.event(cj, "Warning", "InvalidSchedule", message);
    return done;
  }
  if (tooMany) {
    const message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
    events.event(cj, "Warning", "TooManyMissedTimes", message);
  }
  if (at === undefined) return again();
  if (startingDeadlineSeconds !== undefined && at + startingDeadlineSeconds * 1000 < now) {
    events.event(cj, "Warning", "MissSchedule", `Missed scheduled time to start a job: ${formatTime(at)}`);
    return again();
  }
  const name = `${cj.metadata.name}-${Math.floor(at / 60_000)}`;
  const handled =
    status.active!.some((ref) => ref.name === name) ||
    (cj.status?.lastScheduleTime && parseTime(cj.status.lastScheduleTime) === at);
  if (handled) return again();
  if (concurrencyPolicy === "Forbid" && status.active!.length) {
    const message = "Not starting job because prior execution is running and concurrency policy is Forbid";
    events.event(cj, "Normal", "JobAlreadyActive", message);
    return again();
  }
  if (concurrencyPolicy === "Replace") await replaceActive(cj, status, context);
  if (await create(cj, name, at, status, context)) status.lastScheduleTime = formatTime(at);
  return again();
}

function scheduleOf(cj: CronJob, { events }: ControllerContext): NextTime | undefined {
  const { schedule, timeZone } = cj.spec!;
  try {
    return parseSchedule(schedule, timeZone);
  } catch (error) {
    if (error instanceof RangeError)
      events.event(
        cj,
        "Warning",
        "UnknownTimeZone",
        `invalid timeZone: ${JSON.stringify(timeZone)}: unknown time zone ${timeZone}`,
      );
    else
      events.event(
        cj,
        "Warning",
        "UnparseableSchedule",
        `unparseable schedule: ${JSON.stringify(schedule)} : ${messageOf(error)}`,
      );
    return undefined;
  }
}

async function replaceActive(cj: CronJob, status: CronJobStatus, context: ControllerContext): Promise<void> {
  for (const ref of status.active!) {
    const job = context.cache.get(Job, `${cj.metadata.namespace}/${ref.name}`);
    if (job) await deleteJob(cj, job, status, context);
    else status.active = status.active!.filter((r) => r !== ref);
  }
}

/** true where the start is accounted for. */
async function create(
  cj: CronJob,
  name: string,
  at: number,
  status: CronJobStatus,
  { client, events }: ControllerContext,
): Promise<boolean> {
  const { namespace } = cj.metadata;
  try {
    const job = await client.create(Job, draftJob(cj, name, at));
    events.event(cj, "Normal", "SuccessfulCreate", `Created job ${name}`);
    addActive(status, job);
    return true;
  } catch (error) {
    if (isAlreadyExists(error)) {
      const job = await client.get(Job, { namespace: namespace!, name });
      if (!isControlledBy(job, cj) || finishedAs(job)) return false;
      addActive(status, job);
      return true;
    }
    if (!isNamespaceTerminating(error)) events.event(cj, "Warning", "FailedCreate", `Error creating job: ${messageOf(error)}`);
    throw error;
  }
}

function addActive(status: CronJobStatus, { metadata }: Job): void {
  const { namespace, name, uid, resourceVersion } = metadata;
  status.active = [...status.active!, { apiVersion: "batch/v1", kind: "Job", namespace: namespace!, name, uid, resourceVersion }];
}

function draftJob(cj: CronJob, name: string, at: number): Draft<Job> {
  const { metadata, spec } = cj.spec!.jobTemplate;
  const annotations = { ...metadata?.annotations, [TIMESTAMP]: localTime(at, cj.spec!.timeZone) };
  return {
    metadata: {
      name,
      namespace: cj.metadata.namespace!,
      ...(metadata?.labels && { labels: { ...metadata.labels } }),
      annotations,
      ownerReferences: [controllerReference(CronJob, cj)],
    },
    spec: spec as Draft<Job["spec"]>,
  };
}

/** RFC 3339 with the zone's offset. */
function localTime(ms: number, zone: string | undefined): string {
  const offset = zone ? zoneOffsetMs(ms, zone) : 0;
  if (offset === 0) return formatTime(ms);
  const minutes = Math.abs(offset) / 60_000;
  const two = (n: number) => String(n).padStart(2, "0");
  return `${formatTime(ms + offset).slice(0, -1)}${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
