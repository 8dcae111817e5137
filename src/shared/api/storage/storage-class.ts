import { facts } from "../generated/kinds.ts";
import type { StorageClass as T } from "../generated/storage-v1.ts";
import { defineKind } from "../kind.ts";
import { notSupported } from "../../apimachinery/field-error.ts";
import { validateParameters, validateProvisioner } from "./provisioner.ts";

export const StorageClass = defineKind<T>({
  ...facts["storage.k8s.io/v1/storageclasses"],
  returnDeletedObject: true,
  immutable: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
  setDefaults(storage) {
    storage.reclaimPolicy ??= "Delete";
    storage.volumeBindingMode ??= "Immediate";
  },
  validate({ provisioner, parameters, reclaimPolicy, volumeBindingMode }) {
    const oneOf = (field: string, value: string | undefined, known: string[]) =>
      value === undefined || known.includes(value) ? [] : [notSupported(field, value, known)];
    return [
      ...validateProvisioner("provisioner", provisioner),
      ...validateParameters("parameters", parameters),
      ...oneOf("reclaimPolicy", reclaimPolicy || undefined, ["Delete", "Retain"]),
      ...oneOf("volumeBindingMode", volumeBindingMode, ["Immediate", "WaitForFirstConsumer"]),
    ];
  },
});
export type StorageClass = T;
