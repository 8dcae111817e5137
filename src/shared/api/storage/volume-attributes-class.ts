import type { VolumeAttributesClass as T } from "../generated/storage-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const VolumeAttributesClass = defineKind<T>({
  ...facts["storage.k8s.io/v1/volumeattributesclasses"],
  returnDeletedObject: true,
});
export type VolumeAttributesClass = T;
