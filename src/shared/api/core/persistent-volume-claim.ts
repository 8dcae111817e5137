import type { PersistentVolumeClaim as T } from "../generated/core-v1.ts";
import { age, UNSET } from "../cells.ts";
import { accessModesText, classText } from "./volume-cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import {
  claimWarnings,
  linkDataSources,
  validateClaimSpec,
  validateClaimStatus,
  validateClaimUpdate,
} from "./validation/claim.ts";

export const PersistentVolumeClaim = defineKind<T>({
  ...facts["v1/persistentvolumeclaims"],
  revalidatesMetadata: true,
  cells(claim, context) {
    const { metadata, spec, status } = claim;
    const phase = metadata.deletionTimestamp ? "Terminating" : (status?.phase ?? "");
    const volume = spec.volumeName ?? "";
    const capacity = volume ? (status?.capacity?.storage ?? "0") : "";
    const modes = volume ? accessModesText(status?.accessModes) : "";
    const head = [metadata.name, phase, volume, capacity, modes, classText(metadata, spec.storageClassName)];
    return [...head, spec.volumeAttributesClassName ?? UNSET, age(claim, context), spec.volumeMode ?? UNSET];
  },
  returnDeletedObject: true,
  setDefaults({ spec, status }) {
    spec.volumeMode ??= "Filesystem";
    status.phase ??= "Pending";
  },
  validate: ({ spec }) => validateClaimSpec("spec", spec),
  validateUpdate: validateClaimUpdate,
  validateStatusUpdate: validateClaimStatus,
  warnings: (claim, _old, { subresource }) => (subresource ? [] : claimWarnings(claim)),
  prepareForUpdate: ({ spec }, old) => linkDataSources(spec, old.spec),
  prepareForCreate(claim) {
    linkDataSources(claim.spec);
    claim.status = { phase: "Pending" };
  },
});
export type PersistentVolumeClaim = T;
