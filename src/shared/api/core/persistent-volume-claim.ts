import type { PersistentVolumeClaim as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const PersistentVolumeClaim = defineKind<T>({
  ...facts["v1/persistentvolumeclaims"],
  returnDeletedObject: true,
  setDefaults({ spec, status }) {
    spec.volumeMode ??= "Filesystem";
    status.phase ??= "Pending";
  },
  prepareForCreate(claim) {
    claim.status = { phase: "Pending" };
  },
});
export type PersistentVolumeClaim = T;
