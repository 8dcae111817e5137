/**
 * Which volume a claim gets: the smallest that has what the claim asks for. Pure.
 *
 * @source staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go FindMatchingVolume v1.36
 */
import type { PersistentVolume, PersistentVolumeClaim } from "../../../shared/api/index.ts";
import { compareQuantities } from "../../../shared/apimachinery/index.ts";
import { selectorOf } from "../common/selector-of.ts";

const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

export const classOf = (claim: PersistentVolumeClaim): string =>
  claim.metadata.annotations?.[CLASS_ANNOTATION] ?? claim.spec?.storageClassName ?? "";

const volumeClass = (volume: PersistentVolume): string =>
  volume.metadata.annotations?.[CLASS_ANNOTATION] ?? volume.spec?.storageClassName ?? "";

/** The volume's claim reference names this claim: by uid where it has one, else it is held for whoever has the name. */
export function isHeldFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const ref = volume.spec?.claimRef;
  if (!ref || ref.name !== claim.metadata.name || ref.namespace !== claim.metadata.namespace) return false;
  return !ref.uid || ref.uid === claim.metadata.uid;
}

export function findVolume(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[]): PersistentVolume | undefined {
  const held = volumes.find((v) => isHeldFor(v, claim) && fits(v, claim));
  if (held) return held;
  const free = volumes.filter((v) => !v.spec?.claimRef && isUsable(v) && fits(v, claim) && matchesSelector(v, claim));
  return free.sort((a, b) => compareQuantities(sizeOf(a), sizeOf(b)) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
}

const sizeOf = (volume: PersistentVolume): string => volume.spec?.capacity?.storage ?? "0";

const isUsable = ({ metadata, status }: PersistentVolume): boolean =>
  !metadata.deletionTimestamp && (status?.phase ?? "Available") === "Available";

function fits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const modes = volume.spec?.accessModes ?? [];
  const wanted = claim.spec?.resources?.requests?.storage ?? "0";
  return (
    compareQuantities(sizeOf(volume), wanted) >= 0 &&
    (claim.spec?.accessModes ?? []).every((mode) => modes.includes(mode)) &&
    (volume.spec?.volumeMode ?? "Filesystem") === (claim.spec?.volumeMode ?? "Filesystem") &&
    volumeClass(volume) === classOf(claim) &&
    (volume.spec?.volumeAttributesClassName ?? "") === (claim.spec?.volumeAttributesClassName ?? "")
  );
}

function matchesSelector(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return !claim.spec?.selector || selectorOf(claim.spec.selector).matches(volume.metadata.labels);
}
