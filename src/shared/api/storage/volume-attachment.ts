import type { VolumeAttachment as T } from "../generated/storage-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const VolumeAttachment = defineKind<T>({
  ...facts["storage.k8s.io/v1/volumeattachments"],
  requireResourceVersion: true,
  returnDeletedObject: true,
});
export type VolumeAttachment = T;
