import type { VolumeAttachment as T } from "../generated/storage-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const VolumeAttachment = defineKind<T>({
  ...facts["storage.k8s.io/v1/volumeattachments"],
  cells(attachment, context) {
    const { attacher, nodeName, source } = attachment.spec;
    const attached = attachment.status?.attached ?? false;
    const volume = source?.persistentVolumeName ?? "";
    return [attachment.metadata.name, attacher, volume, nodeName, attached, age(attachment, context)];
  },
  requireResourceVersion: true,
  returnDeletedObject: true,
});
export type VolumeAttachment = T;
