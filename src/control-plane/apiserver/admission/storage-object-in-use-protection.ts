/** Claims, volumes and volume attributes classes come with a finalizer that a controller takes away once nobody uses them. */
import { PersistentVolume, PersistentVolumeClaim, VolumeAttributesClass } from "../../../shared/api/index.ts";
import type { AdmissionPlugin } from "../types.ts";
import { concerns } from "./refuse.ts";

const PROTECTED = [
  { kind: PersistentVolumeClaim, finalizer: "kubernetes.io/pvc-protection" },
  { kind: PersistentVolume, finalizer: "kubernetes.io/pv-protection" },
  { kind: VolumeAttributesClass, finalizer: "kubernetes.io/vac-protection" },
];

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  handles: (a) => a.operation === "CREATE" && PROTECTED.some(({ kind }) => concerns(a, kind)),
  admit(attributes) {
    const { metadata } = attributes.object!;
    const { finalizer } = PROTECTED.find(({ kind }) => concerns(attributes, kind))!;
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
