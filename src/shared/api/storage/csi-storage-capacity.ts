import { invalidValue } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import { validateLabelSelector } from "../../apimachinery/validation.ts";
import { validateNonnegativeQuantity } from "../core/validation/resources.ts";
import { labelSelectorWarnings } from "../core/validation/node-selector.ts";
import { validateClass } from "../core/validation/volume.ts";
import type { CSIStorageCapacity as T } from "../generated/storage-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const CSIStorageCapacity = defineKind<T>({
  ...facts["storage.k8s.io/v1/csistoragecapacities"],
  requireResourceVersion: true,
  warnings: ({ nodeTopology }) => labelSelectorWarnings("nodeTopology", nodeTopology),
  validate: ({ nodeTopology, storageClassName, capacity }) => [
    ...validateLabelSelector("nodeTopology", nodeTopology),
    ...validateClass("storageClassName", storageClassName),
    ...(capacity === undefined ? [] : validateNonnegativeQuantity("capacity", capacity)),
  ],
  validateUpdate: (now, old) =>
    (["nodeTopology", "storageClassName"] as const)
      .filter((name) => !deepEqual(now[name], old[name]))
      .map((name) => invalidValue(name, now[name], "field is immutable")),
});
export type CSIStorageCapacity = T;
