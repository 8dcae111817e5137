/** Jobs: run pods until enough have succeeded, or too many failed. observe → plan → track, with the writes in between here. */
import { Job, Pod } from "../../../shared/api/index.ts";
import type { JobCondition, JobStatus } from "../../../shared/api/generated/batch-v1.ts";
import { findCondition, isInvalid, isNotFound } from "../../../shared/apimachinery/index.ts";
import { keyOf } from "../../../shared/apimachinery/meta.ts";
import {
  controllerOf,
  defineController,
  done,
  refersTo,
  watching,
  type ControllerContext,
  type Result,
} from "../../../shared/client/index.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import { claimObjects, orphanIndex, orphanRule } from "../common/claim.ts";
import { finishedAs } from "../common/job-state.ts";
import { createPods, deletePod } from "../common/pod-control.ts";
import { isPodReady } from "../common/pod-state.ts";
import { selectorOf } from "../common/selector-of.ts";
import { sameOnTheWire, writeStatus } from "../common/write-status.ts";
import { draftPod } from "./draft.ts";
import { condition, observe, type Observed, type Sight } from "./observe.ts";
import { plan } from "./plan.ts";
import { isSuspended, isTracked, TRACKING, type Backoff } from "./pods.ts";
import { enactFinish, settleCounted, track } from "./track.ts";

const ORPHAN = "orphan ";
const SELF = "kubernetes.io/job-controller";

interface Memory {
  backoff: Backoff;
  /** Pods whose finalizer this process has taken, until the cache shows it. */
  untracked: Set<string>;
}

/** By the Job's uid. */
type State = Map<string, Memory>;

export const job = defineController<State>({
  name: "job-controller",
  for: Job,
  owns: [Pod],
  indexes: [orphanIndex(Pod)],
  watches: [
    orphanRule(Pod, Job, (j) => selectorOf(j.spec?.selector)),
    // A finalizer must not outlive the Job it was for.
    watching(Pod, (pod, context) => (isTracked(pod) && !ownerOf(pod, context) ? [ORPHAN + keyOf(pod.metadata)] : [])),
    watching(
      Job,
      (j, { cache }) =>
        cache
          .ownedBy(Pod, j)
          .filter(isTracked)
          .map((p) => ORPHAN + keyOf(p.metadata)),
      (_j, _old, deleted) => deleted,
    ),
  ],
  createState: () => new Map(),
  async reconcile(key, context) {
    if (key.startsWith(ORPHAN)) return releaseOrphan(key.slice(ORPHAN.length), context);
    const { cache, state, expectations, clock } = context;
    const j = cache.get(Job, key);
    if (!j) {
      expectations.forget(key);
      return done;
    }
    if (j.spec?.managedBy && j.spec.managedBy !== SELF) return done;
    if (finishedAs(j)) {
      state.delete(j.metadata.uid);
      return done;
    }
    const settled = !expectations.pending(key);
    const pods = await claimObjects(
      { kind: Pod, ownerKind: Job, owner: j, selector: selectorOf(j.spec?.selector), finalizer: TRACKING },
      context,
    );
    const memory = remember(state, j, pods);
    return sync(
      { job: j, pods, untracked: memory.untracked, backoff: memory.backoff, now: clock.now() },
      settled,
      memory,
      context,
    );
  },
});

function ownerOf(pod: Pod, { cache }: ControllerContext<State>): Job | undefined {
  const reference = controllerOf(pod);
  if (!reference || !refersTo(reference, Job)) return undefined;
  const owner = cache.get(Job, `${pod.metadata.namespace}/${reference.name}`);
  return owner?.metadata.uid === reference.uid ? owner : undefined;
}

async function releaseOrphan(key: string, context: ControllerContext<State>): Promise<Result> {
  const pod = context.cache.get(Pod, key);
  if (pod && isTracked(pod) && !ownerOf(pod, context)) await takeFinalizer(pod, context);
  return done;
}

function remember(state: State, { metadata: { uid } }: Job, pods: readonly Pod[]): Memory {
  let memory = state.get(uid);
  if (!memory) state.set(uid, (memory = { backoff: { failures: 0 }, untracked: new Set() }));
  const stillShown = new Set(pods.filter(isTracked).map((p) => p.metadata.uid));
  for (const pod of memory.untracked) if (!stillShown.has(pod)) memory.untracked.delete(pod);
  return memory;
}

async function sync(observed: Observed, settled: boolean, memory: Memory, context: ControllerContext<State>): Promise<Result> {
  const { job: j } = observed;
  const sight = observe(observed);
  const managed = sight.finished
    ? await stop(observed, sight, settled, context)
    : await manage(observed, sight, settled, context);
  const status: JobStatus = {
    ...j.status,
    ...(managed.conditions && { conditions: managed.conditions }),
    ...(managed.startTime && { startTime: managed.startTime }),
    active: managed.active,
    ready: sight.ready,
    terminating: sight.terminating,
  };
  if (managed.startTime === undefined) delete status.startTime;
  const tracking = track(observed, sight, status);
  // First the uids, then the finalizers, then the counters: see track.ts.
  const written = await writeStatus(Job, j, tracking.status, context.client);
  memory.backoff = sight.backoff;
  const left = new Set(
    observed.pods.filter((p) => isTracked(p) && !memory.untracked.has(p.metadata.uid)).map((p) => p.metadata.uid),
  );
  const failure = await releaseAll(tracking.release, left, memory, context);
  const counted = settleCounted(tracking.status, left);
  const final = failure ? undefined : enactFinish(counted, tracking.finished, tracking.partial);
  const last = final ?? counted;
  if (!sameOnTheWire(last, tracking.status))
    await writeStatus(Job, { ...written, status: tracking.status }, last, context.client);
  if (final) tellEnd(j, final, tracking.finished!, context);
  if (managed.error ?? failure) throw managed.error ?? failure;
  if (tracking.partial) context.queue.add(keyOf(j.metadata));
  const waits = [managed.waitMs, final ? undefined : sight.deadlineMs].filter((ms) => ms !== undefined && ms > 0) as number[];

  return waits.length ? { requeueAfterMs: Math.min(...waits) } : done;
}

interface Managed {
  active: number;
  startTime: string | undefined;
  conditions?: JobCondition[];
  waitMs?: number;
  error?: unknown;
}

/** The end has been decided: what runs is deleted. It counts as reached only when every pod is known and told to go. */
async function stop({ job: j }: Observed, sight: Sight, settled: boolean, context: ControllerContext<State>): Promise<Managed> {
  const { deleted, error } = await removePods(j, sight.active, sight, context);
  if (deleted !== sight.active.length || !settled) sight.finished = undefined;
  return { active: sight.active.length - deleted, startTime: sight.startTime, ...(error !== undefined && { error }) };
}

async function manage(observed: Observed, sight: Sight, settled: boolean, context: ControllerContext<State>): Promise<Managed> {
  const { job: j, now } = observed;
  let active = sight.active.length;
  const managed: Managed = { active, startTime: sight.startTime };
  const mayManage = settled && !j.metadata.deletionTimestamp;
  if (mayManage) {
    const todo = plan(observed, sight);
    if (todo.waitMs !== undefined) managed.waitMs = todo.waitMs;
    if (todo.remove.length) {
      context.expectations.expectDeletions(
        keyOf(j.metadata),
        todo.remove.map((p) => keyOf(p.metadata)),
      );
      const { deleted, error } = await removePods(j, todo.remove, sight, context);
      active -= deleted;
      managed.error = error;
    } else if (todo.create.length) {
      const draft = (i: number) => draftPod(j, todo.create[i], sight.lastFailed.get(todo.create[i] ?? -1));
      const outcome = await createPods(j, draft, todo.create.length, context);
      active += outcome.done;
      managed.error = outcome.error;
    }
  }
  managed.active = active;
  const { completions } = j.spec!;
  const complete = active === 0 && (completions === undefined ? sight.succeeded > 0 : sight.succeeded >= completions);
  if (complete)
    sight.finished = condition(
      "SuccessCriteriaMet",
      "True",
      "CompletionsReached",
      "Reached expected number of succeeded pods",
      now,
    );
  else if (mayManage) noteSuspension(j, managed, now, context);
  return managed;
}

/** `Suspended` appears when a Job is suspended, and turns False when it goes on. */
function noteSuspension(j: Job, managed: Managed, now: number, { events }: ControllerContext<State>): void {
  const conditions = j.status?.conditions ?? [];
  const current = findCondition(conditions, "Suspended");
  const suspended = isSuspended(j);
  if (suspended ? current?.status === "True" : current?.status !== "True") return;
  const [status, reason, message] = suspended
    ? (["True", "JobSuspended", "Job suspended"] as const)
    : (["False", "JobResumed", "Job resumed"] as const);
  managed.conditions = [
    ...conditions.filter((c) => c.type !== "Suspended"),
    condition("Suspended", status, reason, message, now),
  ];
  managed.startTime = suspended ? undefined : formatTime(now);
  events.event(j, "Normal", suspended ? "Suspended" : "Resumed", message);
}

async function removePods(
  j: Job,
  pods: readonly Pod[],
  sight: Sight,
  context: ControllerContext<State>,
): Promise<{ deleted: number; error: unknown }> {
  const results = await Promise.allSettled(pods.map((pod) => deletePod(j, pod, context)));
  const failed = results.find((r) => r.status === "rejected");
  const gone = pods.filter((_, i) => results[i]!.status === "fulfilled");
  sight.terminating += gone.length;
  sight.ready -= gone.filter(isPodReady).length;
  for (const pod of pods.filter((p) => !gone.includes(p)))
    context.expectations.deletionSeen(keyOf(j.metadata), keyOf(pod.metadata));
  return { deleted: gone.length, error: failed?.reason };
}

/** Takes finalizers; those that are off leave `left`. Returns the first failure. */
async function releaseAll(
  pods: readonly Pod[],
  left: Set<string>,
  memory: Memory,
  context: ControllerContext<State>,
): Promise<unknown> {
  const results = await Promise.allSettled(pods.map((pod) => takeFinalizer(pod, context)));
  for (const [i, { status }] of results.entries()) {
    if (status !== "fulfilled") continue;
    const { uid } = pods[i]!.metadata;
    memory.untracked.add(uid);
    left.delete(uid);
  }
  return results.find((r) => r.status === "rejected")?.reason;
}

async function takeFinalizer(pod: Pod, { client }: ControllerContext<State>): Promise<void> {
  const metadata = { uid: pod.metadata.uid, "$deleteFromPrimitiveList/finalizers": [TRACKING] };
  await client.patch(Pod, pod.metadata, "strategic", { metadata }).catch((error: unknown) => {
    // Gone, or another pod of that name by now.
    if (!isNotFound(error) && !isInvalid(error)) throw error;
  });
}

function tellEnd(j: Job, status: JobStatus, finished: JobCondition, { events }: ControllerContext<State>): void {
  if (finished.type === "Failed") return events.event(j, "Warning", finished.reason ?? "", finished.message ?? "");
  if (j.spec?.completions !== undefined && (status.succeeded ?? 0) > j.spec.completions) {
    events.event(j, "Warning", "TooManySucceededPods", "Too many succeeded pods running after completion count reached");
  }
  events.event(j, "Normal", "Completed", "Job completed");
}
