/** DaemonSets: one pod on each node that fits. The decisions are in plan.ts. */
import { ControllerRevision, DaemonSet, Node, Pod } from "../../../shared/api/index.ts";
import { keyOf } from "../../../shared/apimachinery/meta.ts";
import { defineController, done, watching, type ControllerContext, type Result } from "../../../shared/client/index.ts";
import { claimObjects, orphanIndex, orphanRule } from "../common/claim.ts";
import { isEmptySelector } from "../common/empty-selector.ts";
import { createPods, deletePods } from "../common/pod-control.ts";
import { nextAvailabilityMs } from "../common/pod-state.ts";
import { syncHistory, truncateHistory } from "../common/revisions.ts";
import { selectorOf } from "../common/selector-of.ts";
import { sameOnTheWire, writeStatus } from "../common/write-status.ts";
import { plan, planUpdate, statusOf, type Failure, type Observed } from "./plan.ts";
import { draftPod, HASH_LABEL } from "./pods.ts";

const BURST = 250;
const FIRST_BACKOFF_MS = 1000;
const LONGEST_BACKOFF_MS = 15 * 60_000;

/** Failed pods by set, generation and node: since when, and for how long nothing is tried. */
type State = Map<string, { at: number; ms: number }>;

export const daemonSet = defineController<State>({
  name: "daemonset-controller",
  for: DaemonSet,
  owns: [Pod, ControllerRevision],
  reads: [Node],
  indexes: [orphanIndex(Pod), orphanIndex(ControllerRevision)],
  watches: [
    orphanRule(Pod, DaemonSet, (ds) => selectorOf(ds.spec.selector)),
    // Heartbeats change nothing for daemons: only what decides where they may run.
    watching(
      Node,
      (_node, { cache }) => cache.list(DaemonSet).map((ds) => keyOf(ds.metadata)),
      (node, old, deleted) =>
        deleted || !old || !sameOnTheWire([node.metadata.labels, node.spec?.taints], [old.metadata.labels, old.spec?.taints]),
    ),
  ],
  createState: () => new Map(),
  async reconcile(key, context) {
    const { cache, clock, expectations, events } = context;
    const ds = cache.get(DaemonSet, key);
    if (!ds) {
      expectations.forget(key);
      return done;
    }
    if (isEmptySelector(ds.spec.selector)) {
      events.event(ds, "Warning", "SelectingAll", "This daemon set is selecting all pods. A non-empty selector is required.");
      return done;
    }
    if (ds.metadata.deletionTimestamp) return done;
    const selector = selectorOf(ds.spec.selector);
    const { collisionCount } = ds.status ?? {};
    const history = await syncHistory(
      { kind: DaemonSet, object: ds, template: ds.spec.template, selector, hashLabel: HASH_LABEL, collisionCount },
      context,
    );
    const hash = history.current.metadata.labels?.[HASH_LABEL] ?? "";
    const observe = async (): Promise<Observed> => {
      const pods = await claimObjects({ kind: Pod, ownerKind: DaemonSet, owner: ds, selector }, context);
      return { ds, nodes: cache.list(Node), pods, hash, now: clock.now() };
    };
    const settled = !expectations.pending(key);
    const { waitMs, failure } = settled ? await act(await observe(), context) : {};
    const after = await observe();
    const status = statusOf(after, history.collisionCount);
    if (!settled) status.observedGeneration = ds.status?.observedGeneration ?? 0;
    await writeStatus(DaemonSet, ds, status, context.client);
    const used = new Set(after.pods.map((p) => `${ds.metadata.name}-${p.metadata.labels?.[HASH_LABEL]}`));
    await truncateHistory(history.all, used.add(history.current.metadata.name), ds.spec.revisionHistoryLimit ?? 10, context);
    if (failure !== undefined) throw failure;
    return again(ds, after, waitMs);
  },
});

function again(ds: DaemonSet, { pods, now }: Observed, waitMs: number | undefined): Result {
  const ready = ds.spec.minReadySeconds ? nextAvailabilityMs(pods, ds.spec.minReadySeconds, now) : undefined;
  const waits = [waitMs, ready].filter((ms) => ms !== undefined);
  return waits.length ? { requeueAfterMs: Math.min(...waits) } : done;
}

async function act(observed: Observed, context: ControllerContext<State>): Promise<{ waitMs?: number; failure?: unknown }> {
  const { ds } = observed;
  const key = keyOf(ds.metadata);
  const todo = plan(observed);
  const failed = dueFailures(ds, todo.failed, context);
  for (const { node, pod } of todo.succeeded) {
    const message = `Found succeeded daemon pod ${keyOf(pod.metadata)} on node ${node}, will try to delete it`;
    context.events.event(ds, "Normal", "SucceededDaemonPod", message);
  }
  const remove = [...todo.remove, ...failed.due, ...todo.succeeded.map((s) => s.pod)];
  let failure = await carryOut(observed, { create: todo.create, remove }, context);
  if (
    failure === undefined &&
    !context.expectations.pending(key) &&
    ds.spec.updateStrategy?.type !== "OnDelete" &&
    !remove.length &&
    !todo.create.length
  ) {
    failure = await carryOut(observed, planUpdate(observed), context);
  }
  return { ...(failed.waitMs !== undefined && { waitMs: failed.waitMs }), ...(failure !== undefined && { failure }) };
}

async function carryOut(
  { ds, hash }: Observed,
  { create, remove }: { create: string[]; remove: Pod[] },
  context: ControllerContext<State>,
): Promise<unknown> {
  const nodes = create.slice(0, BURST);
  const outcome = nodes.length ? await createPods(ds, (i) => draftPod(ds, nodes[i]!, hash), nodes.length, context) : undefined;
  const failure = remove.length
    ? await deletePods(ds, remove.slice(0, BURST), context).catch((error: unknown) => error)
    : undefined;
  return outcome?.error ?? failure;
}

/** A daemon that keeps failing is not restarted without end: 1 s, 2 s, … 15 min between attempts on one node. */
function dueFailures(
  ds: DaemonSet,
  failures: readonly Failure[],
  { state, clock, events }: ControllerContext<State>,
): { due: Pod[]; waitMs?: number } {
  const now = clock.monotonic();
  const due: Pod[] = [];
  const waits: number[] = [];
  for (const { node, pod } of failures) {
    const key = `${ds.metadata.uid}/${ds.status?.observedGeneration ?? 0}/${node}`;
    const last = state.get(key);
    const left = last ? last.at + last.ms - now : 0;
    if (left > 0) {
      waits.push(left);
      continue;
    }
    const calm = !last || now - last.at > 2 * LONGEST_BACKOFF_MS;
    state.set(key, { at: now, ms: calm ? FIRST_BACKOFF_MS : Math.min(last.ms * 2, LONGEST_BACKOFF_MS) });
    events.event(
      ds,
      "Warning",
      "FailedDaemonPod",
      `Found failed daemon pod ${keyOf(pod.metadata)} on node ${node}, will try to kill it`,
    );
    due.push(pod);
  }
  return { due, ...(waits.length && { waitMs: Math.min(...waits) }) };
}
