/** Deployments: rolls ReplicaSets over to the current template. The decisions are in plan.ts. */
import { Deployment, Pod, ReplicaSet } from "../../../shared/api/index.ts";
import { isAlreadyExists, isNotFound } from "../../../shared/apimachinery/index.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import {
  CONTROLLER_UID,
  controllerUid,
  defineController,
  done,
  indexing,
  isControlledBy,
  watching,
  type ControllerContext,
  type Result,
} from "../../../shared/client/index.ts";
import { isEmptySelector } from "../common/empty-selector.ts";
import { claimObjects, orphanIndex, orphanRule } from "../common/claim.ts";
import { isNamespaceTerminating, messageOf } from "../common/pod-control.ts";
import { isPodFinished } from "../common/pod-state.ts";
import { selectorOf } from "../common/selector-of.ts";
import { canonicalJson, withoutLabel } from "../common/template-hash.ts";
import { writeStatus } from "../common/write-status.ts";
import { plan, REVISION, type Plan } from "./plan.ts";
import { HASH_LABEL, hasProgressDeadline } from "./replica-sets.ts";
import { deadlineCheckMs, setDeploymentCondition } from "./status.ts";

export const deployment = defineController({
  name: "deployment-controller",
  for: Deployment,
  owns: [ReplicaSet],
  indexes: [orphanIndex(ReplicaSet), indexing(Pod, CONTROLLER_UID, controllerUid)],
  watches: [
    orphanRule(ReplicaSet, Deployment, (d) => selectorOf(d.spec.selector)),
    // Recreate waits for the last old pod to be gone.
    watching(Pod, deploymentOfPod, (_pod, _old, deleted) => deleted),
  ],
  async reconcile(key, context) {
    const { cache, clock } = context;
    const d = cache.get(Deployment, key);
    if (!d) return done;
    if (isEmptySelector(d.spec.selector)) return refuseEmptySelector(d, context);
    const selector = selectorOf(d.spec.selector);
    const replicaSets = await claimObjects({ kind: ReplicaSet, ownerKind: Deployment, owner: d, selector }, context);
    const hasRunningPods = (uid: string) => cache.byIndex(Pod, CONTROLLER_UID, uid).some((pod) => !isPodFinished(pod));
    return apply(d, plan({ deployment: d, replicaSets, hasRunningPods, now: clock.now() }), context);
  },
});

function* deploymentOfPod(pod: Pod, { cache }: ControllerContext): Iterable<string> {
  const owner = pod.metadata.ownerReferences?.find((r) => r.controller && r.kind === "ReplicaSet");
  const set = owner && cache.get(ReplicaSet, `${pod.metadata.namespace}/${owner.name}`);
  const parent = set?.metadata.ownerReferences?.find((r) => r.controller && r.kind === "Deployment");
  if (!parent) return;
  const key = `${pod.metadata.namespace}/${parent.name}`;
  if (cache.get(Deployment, key)?.spec.strategy.type === "Recreate") yield key;
}

async function refuseEmptySelector(d: Deployment, context: ControllerContext): Promise<Result> {
  context.events.event(d, "Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
  if ((d.status?.observedGeneration ?? 0) < (d.metadata.generation ?? 0)) {
    await writeStatus(Deployment, d, { ...d.status, observedGeneration: d.metadata.generation! }, context.client);
  }
  return done;
}

async function apply(d: Deployment, todo: Plan, context: ControllerContext): Promise<Result> {
  const { client, events, clock } = context;
  if (todo.create) await create(d, todo, todo.create, context);
  for (const { object, scaled } of todo.update) {
    await client.update(ReplicaSet, object);
    if (!scaled) continue;
    const direction = scaled.to > scaled.from ? "up" : "down";
    events.event(
      d,
      "Normal",
      "ScalingReplicaSet",
      `Scaled ${direction} replica set ${object.metadata.name} from ${scaled.from} to ${scaled.to}`,
    );
  }
  for (const { metadata } of todo.remove) {
    await client.delete(ReplicaSet, metadata).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
  await writeStatus(Deployment, withRevision(d, todo.revision), todo.status, client, d);
  const requeueAfterMs = deadlineCheckMs(d, todo.status, clock.now());
  return requeueAfterMs === undefined ? done : { requeueAfterMs };
}

function withRevision(d: Deployment, revision: string | undefined): Deployment {
  if (revision === undefined || d.metadata.annotations?.[REVISION] === revision) return d;
  return { ...d, metadata: { ...d.metadata, annotations: { ...d.metadata.annotations, [REVISION]: revision } } };
}

/** A name that is taken by another template's set raises the collision count, which makes another hash the next time. */
async function create(
  d: Deployment,
  todo: Plan,
  draft: Draft<ReplicaSet>,
  { client, events, clock }: ControllerContext,
): Promise<void> {
  const name = draft.metadata!.name!;
  try {
    await client.create(ReplicaSet, draft);
  } catch (error) {
    if (isNamespaceTerminating(error)) throw error;
    if (isAlreadyExists(error)) {
      const existing = await client.get(ReplicaSet, { namespace: d.metadata.namespace!, name });
      if (isControlledBy(existing, d) && sameTemplate(existing, d)) return;
      await writeStatus(Deployment, d, { ...d.status, collisionCount: (d.status?.collisionCount ?? 0) + 1 }, client);
      throw error;
    }
    const message = `Failed to create new replica set "${name}": ${messageOf(error)}`;
    if (hasProgressDeadline(d)) {
      const conditions = setDeploymentCondition(
        d.status?.conditions,
        "Progressing",
        "False",
        "ReplicaSetCreateError",
        message,
        clock.now(),
      );
      await writeStatus(Deployment, d, { ...d.status, conditions }, client);
    }
    events.event(d, "Warning", "ReplicaSetCreateError", message);
    throw error;
  }
  const size = draft.spec?.replicas ?? 0;
  if (size > 0) events.event(d, "Normal", "ScalingReplicaSet", `Scaled up replica set ${name} from 0 to ${size}`);
}

function sameTemplate(set: ReplicaSet, d: Deployment): boolean {
  return canonicalJson(withoutLabel(set.spec.template, HASH_LABEL)) === canonicalJson(withoutLabel(d.spec.template, HASH_LABEL));
}
