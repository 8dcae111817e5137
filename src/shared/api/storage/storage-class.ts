import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import type { StorageClass as T } from "../generated/storage-v1.ts";
import { deprecatedNodeLabel } from "../core/validation/node-selector.ts";
import { defineKind } from "../kind.ts";
import { notSupported } from "../../apimachinery/field-error.ts";
import { validateParameters, validateProvisioner } from "./provisioner.ts";

export const StorageClass = defineKind<T>({
  ...facts["storage.k8s.io/v1/storageclasses"],
  cells(storage, context) {
    const { metadata, provisioner, reclaimPolicy = "Delete", volumeBindingMode = "Immediate" } = storage;
    const isDefault = DEFAULT_ANNOTATIONS.some((key) => metadata.annotations?.[key] === "true");
    const name = isDefault ? `${metadata.name} (default)` : metadata.name;
    return [name, provisioner, reclaimPolicy, volumeBindingMode, storage.allowVolumeExpansion ?? false, age(storage, context)];
  },
  returnDeletedObject: true,
  immutable: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
      matchLabelExpressions.flatMap(({ key }, j) => {
        const text = deprecatedNodeLabel(key);
        return text ? [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${text}`] : [];
      }),
    ),
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

const DEFAULT_ANNOTATIONS = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
