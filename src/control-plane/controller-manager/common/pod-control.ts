/**
 * Creating and deleting pods for an owner, with the events users know, in batches that start small: what fails for one pod (a quota, an
 * admission rule) would fail for a thousand.
 *
 * @source pkg/controller/controller_utils.go RealPodControl, replicaset slowStartBatch v1.36
 */
import { Pod, type Kind } from "../../../shared/api/index.ts";
import { isApiError, isDNS1123Subdomain, isNotFound, type Draft } from "../../../shared/apimachinery/index.ts";
import { keyOf, type KubeObject } from "../../../shared/apimachinery/meta.ts";
import { controllerReference, type ControllerContext } from "../../../shared/client/index.ts";
import type { PodTemplateSpec } from "../../../shared/api/generated/core-v1.ts";

export interface Outcome {
  done: number;
  /** The first failure; what came after it was not tried. */
  error?: unknown;
}

/** The namespace is being deleted: nothing can be created in it, and nobody needs to hear about it. */
export function isNamespaceTerminating(error: unknown): boolean {
  return isApiError(error) && !!error.status.details?.causes?.some((c) => c.reason === "NamespaceTerminating");
}

/** Runs `work(0) … work(count - 1)` in batches of 1, 2, 4, …, and stops after the first batch with a failure. */
export async function slowStart(count: number, work: (index: number) => Promise<unknown>, first = 1): Promise<Outcome> {
  let done = 0;
  for (let size = Math.min(first, count); done < count; size = Math.min(2 * size, count - done)) {
    const results = await Promise.allSettled(Array.from({ length: size }, (_, i) => work(done + i)));
    const failure = results.find((r) => r.status === "rejected");
    if (failure) return { done: done + results.filter((r) => r.status === "fulfilled").length, error: failure.reason };
    done += size;
  }
  return { done };
}

/** A pod as the template has it, owned by `owner`, named by the server after it. */
export function podFromTemplate(
  template: PodTemplateSpec,
  ownerKind: Kind<any>,
  owner: KubeObject,
): Draft<Pod> & { metadata: Draft<Pod["metadata"]> } {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const prefix = `${owner.metadata.name}-`;
  return {
    metadata: {
      generateName: isDNS1123Subdomain(prefix.slice(0, -1)).length ? owner.metadata.name : prefix,
      namespace: owner.metadata.namespace!,
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(ownerKind, owner)],
    },
    spec: (template.spec ?? {}) as Draft<Pod["spec"]>,
  };
}

/** Creates one pod; the failure is told as an event and thrown. */
async function createPod(owner: KubeObject, pod: Draft<Pod>, { client, events }: ControllerContext<any>): Promise<Pod> {
  try {
    const created = await client.create(Pod, pod);
    events.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
    return created;
  } catch (error) {
    if (!isNamespaceTerminating(error)) events.event(owner, "Warning", "FailedCreate", `Error creating: ${messageOf(error)}`);
    throw error;
  }
}

/** Deletes one pod; one that is gone already is no failure. */
export async function deletePod(owner: KubeObject, pod: Pod, { client, events }: ControllerContext<any>): Promise<void> {
  try {
    await client.delete(Pod, pod.metadata, { preconditions: { uid: pod.metadata.uid } });
  } catch (error) {
    if (isNotFound(error)) return;
    events.event(owner, "Warning", "FailedDelete", `Error deleting: ${messageOf(error)}`);
    throw new Error(`unable to delete pods: ${messageOf(error)}`, { cause: error });
  }
  events.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
}

/** Creates `count` pods, expecting their arrival in the cache. */
export async function createPods(
  owner: KubeObject,
  draft: (index: number) => Draft<Pod>,
  count: number,
  context: ControllerContext<any>,
): Promise<Outcome> {
  const key = keyOf(owner.metadata);
  const { expectations } = context;
  let notComing = count;
  expectations.expectCreations(key, count);
  const outcome = await slowStart(count, (index) =>
    createPod(owner, draft(index), context).then(
      () => void notComing--,
      (error: unknown) => {
        if (!isNamespaceTerminating(error)) throw error;
      },
    ),
  );
  for (; notComing > 0; notComing--) expectations.creationSeen(key);
  return outcome;
}

export async function deletePods(owner: KubeObject, pods: readonly Pod[], context: ControllerContext<any>): Promise<void> {
  const key = keyOf(owner.metadata);
  context.expectations.expectDeletions(
    key,
    pods.map((pod) => keyOf(pod.metadata)),
  );
  const results = await Promise.allSettled(
    pods.map((pod) =>
      deletePod(owner, pod, context).catch((error: unknown) => {
        context.expectations.deletionSeen(key, keyOf(pod.metadata));
        throw error;
      }),
    ),
  );
  const failure = results.find((r) => r.status === "rejected");
  if (failure) throw failure.reason;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
