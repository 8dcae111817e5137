import type { CSINode as T } from "../generated/storage-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const CSINode = defineKind<T>({
  ...facts["storage.k8s.io/v1/csinodes"],
  requireResourceVersion: true,
  returnDeletedObject: true,
});
export type CSINode = T;
