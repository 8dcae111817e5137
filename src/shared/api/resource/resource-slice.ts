import type { ResourceSlice as T } from "../generated/resource-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ResourceSlice = defineKind<T>({
  ...facts["resource.k8s.io/v1/resourceslices"],
  cells(slice, context) {
    const { nodeName = "", driver, pool } = slice.spec;
    return [slice.metadata.name, nodeName, driver, pool.name, age(slice, context)];
  },
  returnDeletedObject: true,
  generation: true,
  selectableFields: {
    "spec.nodeName": (slice) => slice.spec.nodeName ?? "",
    "spec.driver": (slice) => slice.spec.driver,
  },
  unknownField: (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
});
export type ResourceSlice = T;
