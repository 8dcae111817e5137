/** The controller of kinds that keep a number of equal pods: ReplicaSet and ReplicationController. */
import { Pod, type Kind } from "../../../../shared/api/index.ts";
import type { PodTemplateSpec } from "../../../../shared/api/generated/core-v1.ts";
import type { Selector } from "../../../../shared/apimachinery/index.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";
import {
  controllerOf,
  defineController,
  done,
  type ControllerContext,
  type ControllerDefinition,
} from "../../../../shared/client/index.ts";
import { claimObjects, orphanIndex, orphanRule } from "../claim.ts";
import { createPods, deletePods, messageOf, podFromTemplate } from "../pod-control.ts";
import { isPodActive, isPodTerminating } from "../pod-state.ts";
import { writeStatus } from "../write-status.ts";
import { nextCheckMs, plan, statusOf, type ReplicaOwner } from "./plan.ts";

export interface ReplicaKind<T extends KubeObject> {
  name: string;
  kind: Kind<T>;
  selector(object: T): Selector;
  template(object: T): PodTemplateSpec;
  owner(object: T): ReplicaOwner;
  /** ReplicaSets report pods that are going away, ReplicationControllers do not. */
  reportsTerminating: boolean;
}

export function replicaController<T extends KubeObject & { status?: unknown }>(facts: ReplicaKind<T>): ControllerDefinition {
  const { kind } = facts;
  return defineController({
    name: facts.name,
    for: kind,
    owns: [Pod],
    indexes: [orphanIndex(Pod)],
    watches: [orphanRule(Pod, kind, facts.selector)],
    async reconcile(key, context) {
      const { cache, clock, client, expectations } = context;
      const object = cache.get(kind, key);
      if (!object) {
        expectations.forget(key);
        return done;
      }
      const owner = facts.owner(object);
      const selector = facts.selector(object);
      const settled = !expectations.pending(key);
      const active = await claimObjects({ kind: Pod, ownerKind: kind, owner: object, selector, consider: isPodActive }, context);
      const terminating = facts.reportsTerminating ? cache.ownedBy(Pod, object).filter(isPodTerminating).length : undefined;
      const failure =
        settled && !object.metadata.deletionTimestamp ? await manage(facts, object, owner, active, context) : undefined;
      const now = clock.now();
      const message = failure === undefined ? undefined : messageOf(failure);
      await writeStatus(kind, object, statusOf(owner, active, terminating, message, now) as T["status"], client);
      if (failure !== undefined) throw failure;
      const requeueAfterMs = nextCheckMs(owner, active, now);
      return requeueAfterMs === undefined ? done : { requeueAfterMs };
    },
  });
}

/** Carries the plan out; returns what went wrong, if anything did. */
async function manage<T extends KubeObject>(
  facts: ReplicaKind<T>,
  object: T,
  owner: ReplicaOwner,
  active: readonly Pod[],
  context: ControllerContext,
): Promise<unknown> {
  const todo = plan(owner, active, () => siblingPods(facts.kind, object, context), context.clock.now());
  if (todo.create) {
    const draft = podFromTemplate(facts.template(object), facts.kind, object);
    return (await createPods(object, () => draft, todo.create, context)).error;
  }
  if (todo.remove.length === 0) return undefined;
  return deletePods(object, todo.remove, context).catch((error: unknown) => error);
}

/** Pods of all sets with the same controller, this one's among them: those that crowd a node together. */
function siblingPods<T extends KubeObject>(kind: Kind<T>, object: T, { cache }: ControllerContext): Pod[] {
  const parent = controllerOf(object);
  if (!parent) return cache.ownedBy(Pod, object);
  const siblings = cache.list(kind, object.metadata.namespace).filter((s) => controllerOf(s)?.uid === parent.uid);
  return siblings.flatMap((s) => cache.ownedBy(Pod, s));
}
