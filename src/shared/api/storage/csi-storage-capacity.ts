import type { CSIStorageCapacity as T } from "../generated/storage-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const CSIStorageCapacity = defineKind<T>({
  ...facts["storage.k8s.io/v1/csistoragecapacities"],
  requireResourceVersion: true,
});
export type CSIStorageCapacity = T;
