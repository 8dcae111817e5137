/** StatefulSets: pods with names and storage of their own, in order. The decisions are in plan.ts. */
import { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from "../../../shared/api/index.ts";
import { isNotFound } from "../../../shared/apimachinery/index.ts";
import { defineController, done, type ControllerContext, type Result } from "../../../shared/client/index.ts";
import { claimObjects, orphanIndex, orphanRule } from "../common/claim.ts";
import { isEmptySelector } from "../common/empty-selector.ts";
import { isNamespaceTerminating, messageOf, slowStart } from "../common/pod-control.ts";
import { nextAvailabilityMs } from "../common/pod-state.ts";
import { syncHistory, templateOf, truncateHistory, type History } from "../common/revisions.ts";
import { selectorOf } from "../common/selector-of.ts";
import { writeStatus } from "../common/write-status.ts";
import { ensureClaims, ownClaims } from "./claims.ts";
import { draftPod, INDEX_LABEL, isMember, NAME_LABEL, ordinalOf } from "./identity.ts";
import { plan, revisionOf, type Plan } from "./plan.ts";

export const statefulSet = defineController({
  name: "statefulset-controller",
  for: StatefulSet,
  owns: [Pod, ControllerRevision],
  reads: [PersistentVolumeClaim],
  indexes: [orphanIndex(Pod), orphanIndex(ControllerRevision)],
  watches: [orphanRule(Pod, StatefulSet, (s) => selectorOf(s.spec.selector))],
  async reconcile(key, context) {
    const { cache, clock, expectations } = context;
    const set = cache.get(StatefulSet, key);
    if (!set) {
      expectations.forget(key);
      return done;
    }
    if (isEmptySelector(set.spec.selector)) return done;
    const selector = selectorOf(set.spec.selector);
    const claim = { kind: Pod, ownerKind: StatefulSet, owner: set, selector };
    const pods = await claimObjects({ ...claim, consider: (pod: Pod) => isMember(set, pod) }, context);
    const { collisionCount } = set.status ?? {};
    const hashLabel = "controller.kubernetes.io/hash";
    const history = await syncHistory(
      { kind: StatefulSet, object: set, template: set.spec.template, selector, hashLabel, collisionCount },
      context,
    );
    const current = history.all.find((r) => r.metadata.name === set.status?.currentRevision) ?? history.current;
    const names = { current: current.metadata.name, update: history.current.metadata.name };
    const todo = plan({ set, pods, ...names, collisionCount: history.collisionCount, now: clock.now() });
    const failure = expectations.pending(key) ? undefined : await apply(set, todo, history, context);
    await writeStatus(StatefulSet, set, todo.status, context.client);
    const used = new Set([names.current, names.update, ...pods.map(revisionOf)]);
    await truncateHistory(history.all, used, set.spec.revisionHistoryLimit ?? 10, context);
    if (failure) throw failure;
    return again(set, pods, context);
  },
});

function again(set: StatefulSet, pods: readonly Pod[], { clock }: ControllerContext): Result {
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const requeueAfterMs = minReadySeconds ? nextAvailabilityMs(pods, minReadySeconds, clock.now()) : undefined;
  return requeueAfterMs === undefined ? done : { requeueAfterMs };
}

/** Returns the first failure. */
async function apply(set: StatefulSet, todo: Plan, { all }: History, context: ControllerContext): Promise<unknown> {
  try {
    for (const pod of todo.claims) await ensureClaims(set, ordinalOf(pod), context);
    const outcome = await slowStart(todo.create.length, async (i) => {
      const { ordinal, revision } = todo.create[i]!;
      const template = templateOf(all.find((r) => r.metadata.name === revision)!);
      await ensureClaims(set, ordinal, context);
      await create(set, draftPod(set, template, revision, ordinal), context);
    });
    if (outcome.error !== undefined) return outcome.error;
    for (const pod of todo.repair) await repair(pod, context);
    if (set.spec.volumeClaimTemplates?.length)
      for (const pod of context.cache.ownedBy(Pod, set)) await ownClaims(set, pod, context);
    for (const pod of todo.remove) await remove(set, pod, context);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function create(set: StatefulSet, pod: ReturnType<typeof draftPod>, { client, events }: ControllerContext): Promise<void> {
  const name = pod.metadata!.name!;
  try {
    await client.create(Pod, pod);
    events.event(set, "Normal", "SuccessfulCreate", `create Pod ${name} in StatefulSet ${set.metadata.name} successful`);
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    events.event(
      set,
      "Warning",
      "FailedCreate",
      `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}`,
    );
    throw error;
  }
}

async function remove(set: StatefulSet, pod: Pod, { client, events }: ControllerContext): Promise<void> {
  const { name, uid } = pod.metadata;
  try {
    await client.delete(Pod, pod.metadata, { preconditions: { uid } });
    events.event(set, "Normal", "SuccessfulDelete", `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`);
  } catch (error) {
    if (isNotFound(error)) return;
    events.event(
      set,
      "Warning",
      "FailedDelete",
      `delete Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}`,
    );
    throw error;
  }
}

async function repair(pod: Pod, { client }: ControllerContext): Promise<void> {
  const { name, uid } = pod.metadata;
  const labels = { [NAME_LABEL]: name, [INDEX_LABEL]: String(ordinalOf(pod)) };
  await client.patch(Pod, pod.metadata, "merge", { metadata: { uid, labels } });
}
