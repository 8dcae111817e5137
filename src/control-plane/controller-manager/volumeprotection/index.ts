/** Claims are not deleted under a running pod, nor volumes under a bound claim, nor classes in use: each carries a finalizer until nobody uses it. */
import { PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttributesClass, type Kind } from "../../../shared/api/index.ts";
import { isNotFound } from "../../../shared/apimachinery/index.ts";
import type { Draft, KubeObject } from "../../../shared/apimachinery/meta.ts";
import { defineController, done, indexing, watching, type ControllerContext } from "../../../shared/client/index.ts";
import { isPodFinished } from "../common/pod-state.ts";

const BY_CLAIM = "claim";

/** Claims by `namespace/name`, those that a pod makes for itself among them. */
function claimsOfPod({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap((v) => {
    const name = v.persistentVolumeClaim?.claimName ?? (v.ephemeral ? `${metadata.name}-${v.name}` : undefined);
    return name ? [`${metadata.namespace}/${name}`] : [];
  });
}

export const claimProtection = defineController({
  name: "persistentvolumeclaim-protection-controller",
  for: PersistentVolumeClaim,
  indexes: [indexing(Pod, BY_CLAIM, claimsOfPod)],
  watches: [watching(Pod, claimsOfPod, (pod, _old, deleted) => deleted || isPodFinished(pod))],
  async reconcile(key, context) {
    const { cache, client } = context;
    const claim = cache.get(PersistentVolumeClaim, key);
    if (!claim) return done;
    const inUse = (pods: readonly Pod[]) => pods.some((pod) => !!pod.spec.nodeName && !isPodFinished(pod));
    const mayGo = async () => {
      if (inUse(cache.byIndex(Pod, BY_CLAIM, key))) return false;
      // The cache may not have the pod that was scheduled a moment ago.
      const { items } = await client.list(Pod, { namespace: claim.metadata.namespace! });
      return !inUse(items.filter((pod) => claimsOfPod(pod).includes(key)));
    };
    await protect(PersistentVolumeClaim, claim, "kubernetes.io/pvc-protection", mayGo, context);
    return done;
  },
});

export const volumeProtection = defineController({
  name: "persistentvolume-protection-controller",
  for: PersistentVolume,
  async reconcile(key, context) {
    const volume = context.cache.get(PersistentVolume, key);
    if (volume)
      await protect(
        PersistentVolume,
        volume,
        "kubernetes.io/pv-protection",
        async () => volume.status?.phase !== "Bound",
        context,
      );
    return done;
  },
});

/** A class may go when no claim asks for it, is moving to it or has it, and no volume was made by it. */
export const classProtection = defineController({
  name: "volumeattributesclass-protection-controller",
  for: VolumeAttributesClass,
  watches: [
    watching(
      PersistentVolumeClaim,
      classesOfClaim,
      (now, old, deleted) => deleted || String(classesOfClaim(now)) !== String(old && classesOfClaim(old)),
    ),
    watching(PersistentVolume, classesOfVolume, (_now, _old, deleted) => deleted),
  ],
  async reconcile(key, context) {
    const { cache } = context;
    const found = cache.get(VolumeAttributesClass, key);
    if (!found) return done;
    const used = () =>
      cache.list(PersistentVolumeClaim).some((claim) => classesOfClaim(claim).includes(key)) ||
      cache.list(PersistentVolume).some((volume) => classesOfVolume(volume).includes(key));
    await protect(VolumeAttributesClass, found, "kubernetes.io/vac-protection", async () => !used(), context);
    return done;
  },
});

function classesOfClaim({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return names.filter((name) => name !== undefined && name !== "") as string[];
}

function classesOfVolume({ spec }: PersistentVolume): string[] {
  return spec.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [];
}

async function protect<T extends KubeObject>(
  kind: Kind<T>,
  object: T,
  finalizer: string,
  mayGo: () => Promise<boolean>,
  { client }: ControllerContext,
): Promise<void> {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  const has = finalizers.includes(finalizer);
  let next: string[];
  if (!deletionTimestamp && !has) next = [...finalizers, finalizer];
  else if (deletionTimestamp && has && (await mayGo())) next = finalizers.filter((f) => f !== finalizer);
  else return;
  const changed = { ...object, metadata: { ...object.metadata, finalizers: next } };
  await client.update(kind, changed as Draft<T>).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}
