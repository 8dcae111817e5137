/** One volume: its phase follows from its claim, and what happens to it when the claim is gone from its reclaim policy. */
import { PersistentVolume, PersistentVolumeClaim } from "../../../shared/api/index.ts";
import { isNotFound } from "../../../shared/apimachinery/index.ts";
import type { ControllerContext } from "../../../shared/client/index.ts";

type Context = ControllerContext<any>;

const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";

export async function syncVolume(volume: PersistentVolume, context: Context): Promise<void> {
  const ref = volume.spec?.claimRef;
  if (!ref || !ref.uid) return setPhase(volume, "Available", "", context);
  const claim = await claimOf(ref, context);
  if (claim?.metadata.uid === ref.uid) {
    if (claim.spec?.volumeName === volume.metadata.name) return setPhase(volume, "Bound", "", context);
    return;
  }
  if (volume.status?.phase !== "Released" && volume.status?.phase !== "Failed") return setPhase(volume, "Released", "", context);
  if (volume.status.phase === "Released") await reclaim(volume, context);
}

/** A claim the cache does not have is looked up before its volume is given up. */
async function claimOf(
  { namespace, name }: { namespace?: string; name?: string },
  { cache, client }: Context,
): Promise<PersistentVolumeClaim | undefined> {
  const cached = cache.get(PersistentVolumeClaim, `${namespace}/${name}`);
  if (cached) return cached;
  return client.get(PersistentVolumeClaim, { namespace: namespace!, name: name! }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    return undefined;
  });
}

/** Volumes of drivers are their drivers' to delete; there is nothing here that could delete any other. */
async function reclaim(volume: PersistentVolume, context: Context): Promise<void> {
  const policy = volume.spec?.persistentVolumeReclaimPolicy ?? "Retain";
  if (policy === "Retain" || volume.spec?.csi || volume.metadata.annotations?.[PROVISIONED_BY]) return;
  const { name } = volume.metadata;
  const [reason, message] =
    policy === "Recycle"
      ? ["VolumeFailedRecycle", "No recycler plugin found for the volume!"]
      : ["VolumeFailedDelete", `error getting deleter volume plugin for volume "${name}": no volume plugin matched`];
  context.events.event(volume, "Warning", reason!, message!);
  await setPhase(volume, "Failed", message!, context);
}

async function setPhase(volume: PersistentVolume, phase: string, message: string, { client }: Context): Promise<void> {
  if (volume.status?.phase === phase && (volume.status.message ?? "") === message) return;
  await client.updateStatus(PersistentVolume, { ...volume, status: { phase: phase as "Bound", ...(message && { message }) } });
}
