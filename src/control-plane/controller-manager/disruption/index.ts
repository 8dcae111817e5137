/** Pod disruption budgets: keeps count of how many of their pods may be evicted. The decisions are in plan.ts. */
import {
  Deployment,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from "../../../shared/api/index.ts";
import { keyOf } from "../../../shared/apimachinery/meta.ts";
import { defineController, done, watching } from "../../../shared/client/index.ts";
import { messageOf } from "../common/pod-control.ts";
import { isPodReady } from "../common/pod-state.ts";
import { selectorOf } from "../common/selector-of.ts";
import { writeStatus } from "../common/write-status.ts";
import { failSafe, needsScale, plan } from "./plan.ts";
import { expectedScale } from "./scale.ts";

export const disruption = defineController({
  name: "disruption-controller",
  for: PodDisruptionBudget,
  reads: [Deployment, ReplicaSet, ReplicationController, StatefulSet],
  watches: [
    watching(
      Pod,
      (pod, { cache }) => {
        const budgets = cache.list(PodDisruptionBudget, pod.metadata.namespace);
        return budgets.filter((b) => selectorOf(b.spec?.selector).matches(pod.metadata.labels)).map((b) => keyOf(b.metadata));
      },
      (pod, old, deleted) =>
        deleted ||
        !old ||
        isPodReady(pod) !== isPodReady(old) ||
        !pod.metadata.deletionTimestamp !== !old.metadata.deletionTimestamp ||
        JSON.stringify(pod.metadata.labels) !== JSON.stringify(old.metadata.labels),
    ),
  ],
  async reconcile(key, context) {
    const { cache, client, clock, events } = context;
    const pdb = cache.get(PodDisruptionBudget, key);
    if (!pdb) return done;
    const selector = selectorOf(pdb.spec?.selector);
    const pods = cache.list(Pod, pdb.metadata.namespace).filter((pod) => selector.matches(pod.metadata.labels));
    if (pods.length === 0) events.event(pdb, "Normal", "NoPods", "No matching pods found");
    try {
      const expected = needsScale(pdb) ? await expectedScale(pods, context) : { count: 0, unmanaged: [] };
      if (expected.unmanaged.length) events.event(pdb, "Warning", "UnmanagedPods", unmanagedText(selector.toString()));
      const { status, recheckMs, stuck } = plan(pdb, pods, expected.count, clock.now());
      for (const pod of stuck) {
        events.event(pod, "Warning", "NotDeleted", `Pod was expected by PDB ${key} to be deleted but it wasn't`);
      }
      await writeStatus(PodDisruptionBudget, pdb, status, client);
      return recheckMs === undefined ? done : { requeueAfterMs: recheckMs };
    } catch (error) {
      events.event(
        pdb,
        "Warning",
        "CalculateExpectedPodCountFailed",
        `Failed to calculate the number of expected pods: ${messageOf(error)}`,
      );
      await writeStatus(PodDisruptionBudget, pdb, failSafe(pdb, messageOf(error), clock.now()), client);
      throw error;
    }
  },
});

function unmanagedText(selector: string): string {
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be ` +
    'calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
  );
}
