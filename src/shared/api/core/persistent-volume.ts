import { formatTime } from "../../lib/platform.ts";
import type { PersistentVolume as T } from "../generated/core-v1.ts";
import { age, UNSET } from "../cells.ts";
import { accessModesText, classText } from "./volume-cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateVolume, validateVolumeUpdate, volumeWarnings } from "./validation/volume.ts";

export const PersistentVolume = defineKind<T>({
  ...facts["v1/persistentvolumes"],
  revalidatesMetadata: true,
  cells(volume, context) {
    const { metadata, spec, status } = volume;
    const claim = spec.claimRef ? `${spec.claimRef.namespace ?? ""}/${spec.claimRef.name ?? ""}` : "";
    const phase = metadata.deletionTimestamp ? "Terminating" : (status?.phase ?? "");
    const head = [metadata.name, spec.capacity?.storage ?? "0", accessModesText(spec.accessModes)];
    const middle = [spec.persistentVolumeReclaimPolicy ?? "", phase, claim, classText(metadata, spec.storageClassName)];
    const attributes = spec.volumeAttributesClassName ?? UNSET;
    return [...head, ...middle, attributes, status?.reason ?? "", age(volume, context), spec.volumeMode ?? UNSET];
  },
  returnDeletedObject: true,
  setDefaults({ spec, status }) {
    spec.persistentVolumeReclaimPolicy ||= "Retain";
    spec.volumeMode ??= "Filesystem";
    if (spec.hostPath) spec.hostPath.type ??= "";
    if (spec.iscsi) spec.iscsi.iscsiInterface ||= "default";
    if (spec.rbd) setRbdDefaults(spec.rbd);
    if (spec.azureDisk) setAzureDiskDefaults(spec.azureDisk);
    if (spec.scaleIO) {
      spec.scaleIO.storageMode ||= "ThinProvisioned";
      spec.scaleIO.fsType ||= "xfs";
    }
    status.phase ??= "Pending";
  },
  validate: validateVolume,
  validateUpdate: validateVolumeUpdate,
  warnings: (volume, _old, { subresource }) => (subresource ? [] : volumeWarnings(volume)),
  prepareForCreate(volume, { now }) {
    volume.status = { phase: "Pending", lastPhaseTransitionTime: formatTime(now) };
  },
  prepareForStatusUpdate({ status }, { status: old }, { now }) {
    const { lastPhaseTransitionTime: given } = status;
    const known = old.lastPhaseTransitionTime;
    if (status.phase !== old.phase) {
      if (!given || given === known) status.lastPhaseTransitionTime = formatTime(now);
    } else if (!given && known) status.lastPhaseTransitionTime = known;
  },
});
export type PersistentVolume = T;

type Spec = T["spec"];

function setRbdDefaults(rbd: NonNullable<Spec["rbd"]>): void {
  rbd.pool ||= "rbd";
  rbd.user ||= "admin";
  rbd.keyring ||= "/etc/ceph/keyring";
}

function setAzureDiskDefaults(disk: NonNullable<Spec["azureDisk"]>): void {
  disk.cachingMode ??= "ReadWrite";
  disk.kind ??= "Shared";
  disk.fsType ??= "ext4";
  disk.readOnly ??= false;
}
