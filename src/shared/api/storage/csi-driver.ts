import type { CSIDriver as T } from "../generated/storage-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const CSIDriver = defineKind<T>({
  ...facts["storage.k8s.io/v1/csidrivers"],
  requireResourceVersion: true,
  returnDeletedObject: true,
});
export type CSIDriver = T;
