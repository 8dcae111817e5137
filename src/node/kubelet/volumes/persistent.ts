/**
 * Volumes behind a claim. A claim is mounted when it is bound; of its volumes this node knows paths of its own (hostPath, local).
 *
 * @source pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go v1.36
 */
import { PersistentVolume } from "../../../shared/api/core/persistent-volume.ts";
import { PersistentVolumeClaim } from "../../../shared/api/core/persistent-volume-claim.ts";
import type { Pod, Volume } from "../../../shared/api/generated/core-v1.ts";
import type { Client } from "../../../shared/client/index.ts";
import { hostPath } from "./host-path.ts";

export async function claimedPath(client: Client, pod: Pod, volume: Volume): Promise<string> {
  const { namespace, name: podName } = pod.metadata;
  const name = volume.persistentVolumeClaim?.claimName ?? `${podName}-${volume.name}`;
  const claim = await client.get(PersistentVolumeClaim, { namespace: namespace!, name });
  const { volumeName } = claim.spec;
  if (claim.metadata.deletionTimestamp && !claim.metadata.finalizers?.length) throw new Error(`PVC is being deleted`);
  if (claim.status?.phase !== "Bound" || !volumeName) throw new Error(`PVC ${namespace}/${name} is not bound`);
  const { spec } = await client.get(PersistentVolume, { name: volumeName });
  if (spec.claimRef?.uid !== claim.metadata.uid)
    throw new Error(`PVC ${namespace}/${name} is bound to PV ${volumeName}, which is bound to another one`);
  if (spec.hostPath) return hostPath(spec.hostPath);
  if (spec.local) return hostPath({ path: spec.local.path, type: "Directory" });
  throw new Error(`no volume plugin matched: PV ${volumeName}`);
}
