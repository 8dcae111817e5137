import type { ResourceSlice as T } from "../generated/resource-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ResourceSlice = defineKind<T>({
  ...facts["resource.k8s.io/v1/resourceslices"],
  returnDeletedObject: true,
  generation: true,
});
export type ResourceSlice = T;
