/**
 * Binds claims to volumes. Volumes are made by administrators or by drivers; none is provisioned here.
 *
 * @source pkg/controller/volume/persistentvolume v1.36
 */
import { PersistentVolume, PersistentVolumeClaim, StorageClass } from "../../../shared/api/index.ts";
import { keyOf } from "../../../shared/apimachinery/meta.ts";
import { defineController, done, watching } from "../../../shared/client/index.ts";
import { syncClaim } from "./claim.ts";
import { syncVolume } from "./volume.ts";

const VOLUME = "volume ";
/** A claim that waits may find its volume only when one appears; and what was missed is looked at again now and then. */
const RETRY_MS = 15_000;

export const persistentVolumeBinder = defineController({
  name: "persistentvolume-controller",
  for: PersistentVolumeClaim,
  reads: [StorageClass],
  // One after the other: two claims must not take the same volume.
  workers: 1,
  watches: [
    watching(PersistentVolume, (volume, { cache }) => {
      const keys = [VOLUME + volume.metadata.name];
      const ref = volume.spec?.claimRef;
      if (ref) keys.push(`${ref.namespace}/${ref.name}`);
      else
        keys.push(
          ...cache
            .list(PersistentVolumeClaim)
            .filter((c) => c.status?.phase !== "Bound")
            .map((c) => keyOf(c.metadata)),
        );
      return keys;
    }),
    watching(PersistentVolumeClaim, (claim) => (claim.spec?.volumeName ? [VOLUME + claim.spec.volumeName] : [])),
  ],
  async reconcile(key, context) {
    const { cache } = context;
    if (key.startsWith(VOLUME)) {
      const volume = cache.get(PersistentVolume, key.slice(VOLUME.length));
      if (volume && !volume.metadata.deletionTimestamp) await syncVolume(volume, context);
      return done;
    }
    const claim = cache.get(PersistentVolumeClaim, key);
    if (!claim || claim.metadata.deletionTimestamp) return done;
    await syncClaim(claim, context);
    return claim.status?.phase === "Bound" ? done : { requeueAfterMs: RETRY_MS };
  },
});
