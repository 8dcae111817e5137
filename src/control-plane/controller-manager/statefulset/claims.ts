/** A StatefulSet's volume claims: made before their pod, and owned as the retention policy says. */
import { PersistentVolumeClaim, Pod, StatefulSet } from "../../../shared/api/index.ts";
import { isAlreadyExists } from "../../../shared/apimachinery/index.ts";
import type { OwnerReference } from "../../../shared/apimachinery/meta.ts";
import { controllerReference, type ControllerContext } from "../../../shared/client/index.ts";
import { messageOf } from "../common/pod-control.ts";
import { claimName, claimsOf, ordinalOf, startOrdinal } from "./identity.ts";

/** Creates the claims of a pod that are not there. */
export async function ensureClaims(
  set: StatefulSet,
  ordinal: number,
  { cache, client, events }: ControllerContext<any>,
): Promise<void> {
  const pod = `${set.metadata.name}-${ordinal}`;
  for (const claim of claimsOf(set, ordinal)) {
    const name = claim.metadata!.name!;
    if (cache.get(PersistentVolumeClaim, `${set.metadata.namespace}/${name}`)) continue;
    try {
      await client.create(PersistentVolumeClaim, claim);
      events.event(
        set,
        "Normal",
        "SuccessfulCreate",
        `create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`,
      );
    } catch (error) {
      if (isAlreadyExists(error)) continue;
      events.event(
        set,
        "Warning",
        "FailedCreate",
        `create Claim ${name} for Pod ${pod} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}`,
      );
      throw error;
    }
  }
}

/** Brings the owners of a pod's claims in line with the policy. A claim that something else controls is left alone. */
export async function ownClaims(set: StatefulSet, pod: Pod, { cache, client }: ControllerContext<any>): Promise<void> {
  for (const { metadata } of set.spec.volumeClaimTemplates ?? []) {
    const claim = cache.get(PersistentVolumeClaim, `${set.metadata.namespace}/${claimName(metadata.name, set, ordinalOf(pod))}`);
    if (!claim) continue;
    const before = claim.metadata.ownerReferences ?? [];
    const others = before.filter((o) => o.uid !== set.metadata.uid && o.uid !== pod.metadata.uid);
    if (others.some((o) => o.controller)) continue;
    const ownerReferences = [...others, ...policyOwners(set, pod)];
    const uids = (list: readonly OwnerReference[]) =>
      list
        .map((o) => o.uid)
        .sort()
        .join();
    if (uids(before) !== uids(ownerReferences))
      await client.update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, ownerReferences } });
  }
}

/** The set owns claims that go with it, a pod that is scaled away those that go with the pod. */
function policyOwners(set: StatefulSet, pod: Pod): OwnerReference[] {
  const { whenDeleted = "Retain", whenScaled = "Retain" } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const start = startOrdinal(set);
  const scaledAway = ordinalOf(pod) < start || ordinalOf(pod) >= start + (set.spec.replicas ?? 1);
  if (whenScaled === "Delete" && scaledAway) return [controllerReference(Pod, pod)];
  return whenDeleted === "Delete" ? [controllerReference(StatefulSet, set)] : [];
}
