import { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from "../../../shared/api/index.ts";
import { matchesNodeSelector } from "../../../shared/api/core/placement.ts";
import { keyOf } from "../../../shared/apimachinery/meta.ts";
import { definePlugin, fits, unschedulable, type Cycle } from "../framework.ts";
import type { PodInfo } from "../pod-info.ts";

const NAME = "VolumeBinding";

/**
 * A pod waits for its claims to be bound, and goes only where their volumes can be reached. A claim of a class that binds on
 * first use gets the node's name as an annotation, by which a provisioner or the volume controller knows where it is wanted.
 *
 * @source pkg/scheduler/framework/plugins/volumebinding v1.36
 */
export const volumeBinding = definePlugin({
  name: NAME,
  requeueOn: [
    { kind: PersistentVolumeClaim, when: ["Add", "Update"] },
    { kind: PersistentVolume, when: ["Add", "Update"] },
    { kind: StorageClass, when: ["Add", "Update"] },
    { kind: Node, when: ["Add", "Update"] },
  ],
  preFilter(pod, cycle) {
    const names = claimNames(pod);
    if (!names.length) return "skip";
    const volumes: PersistentVolume[] = [];
    const waiting: PersistentVolumeClaim[] = [];
    for (const name of names) {
      const claim = cycle.handle.cache(PersistentVolumeClaim).get(keyOf({ namespace: pod.pod.metadata.namespace ?? "", name }));
      if (!claim) return unschedulable(`persistentvolumeclaim ${JSON.stringify(name)} not found`, { preemptable: false });
      if (claim.metadata.deletionTimestamp)
        return unschedulable(`persistentvolumeclaim ${JSON.stringify(name)} is being deleted`, { preemptable: false });
      const volume = claim.spec.volumeName ? cycle.handle.cache(PersistentVolume).get(claim.spec.volumeName) : undefined;
      if (volume && claim.status.phase === "Bound") volumes.push(volume);
      else if (!bindsLate(claim, cycle))
        return unschedulable("pod has unbound immediate PersistentVolumeClaims", { preemptable: false });
      else waiting.push(claim);
    }
    cycle.state.set(NAME, { volumes, waiting });
    return undefined;
  },
  filter(_pod, { node }, cycle) {
    const { volumes } = cycle.state.get(NAME) as { volumes: PersistentVolume[] };
    const reachable = volumes.every(
      ({ spec }) => !spec.nodeAffinity?.required || matchesNodeSelector(spec.nodeAffinity.required, node),
    );
    return reachable ? fits : unschedulable("node(s) didn't match PersistentVolume's node affinity", { preemptable: false });
  },
  async preBind(_pod, node, cycle) {
    const notes = cycle.state.get(NAME) as { waiting: PersistentVolumeClaim[] } | undefined;
    if (!notes?.waiting.length) return;
    for (const { metadata } of notes.waiting) {
      await cycle.handle.client.patch(PersistentVolumeClaim, metadata, "merge", {
        metadata: { annotations: { "volume.kubernetes.io/selected-node": node } },
      });
    }
    throw new Error("waiting for the pod's claims to be bound");
  },
});

function claimNames({ pod }: PodInfo): string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim) return [volume.persistentVolumeClaim.claimName];
    return volume.ephemeral ? [`${pod.metadata.name}-${volume.name}`] : [];
  });
}

function bindsLate(claim: PersistentVolumeClaim, { handle }: Cycle): boolean {
  const name = claim.spec.storageClassName;
  return Boolean(name) && handle.cache(StorageClass).get(name!)?.volumeBindingMode === "WaitForFirstConsumer";
}
