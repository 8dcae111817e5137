import type { ResourceSlice as T } from "../generated/resource-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ResourceSlice = defineKind<T>({
  ...facts["resource.k8s.io/v1/resourceslices"],
  returnDeletedObject: true,
  generation: true,
  selectableFields: {
    "spec.nodeName": (slice) => slice.spec.nodeName ?? "",
    "spec.driver": (slice) => slice.spec.driver,
  },
  unknownField: (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
});
export type ResourceSlice = T;
