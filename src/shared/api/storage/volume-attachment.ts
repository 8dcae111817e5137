import type { VolumeAttachment as T } from "../generated/storage-v1.ts";
import { forbidden, invalidValue, required, tooLong, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import { byteLength, inclusiveRangeError, isDNS1123Subdomain } from "../../apimachinery/validation.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateDriverName } from "../core/validation/volume-sources.ts";
import { validateVolumeSpec } from "../core/validation/volume.ts";

export const VolumeAttachment = defineKind<T>({
  ...facts["storage.k8s.io/v1/volumeattachments"],
  cells(attachment, context) {
    const { attacher, nodeName, source } = attachment.spec;
    const attached = attachment.status?.attached ?? false;
    const volume = source?.persistentVolumeName ?? "";
    return [attachment.metadata.name, attacher, volume, nodeName, attached, age(attachment, context)];
  },
  requireResourceVersion: true,
  validate: validateAttachment,
  validateUpdate: ({ spec }, old) => (deepEqual(spec, old.spec) ? [] : [invalidValue("spec", spec, "field is immutable")]),
  validateStatusUpdate: validateAttachment,
  returnDeletedObject: true,
});
export type VolumeAttachment = T;

const MAX_METADATA_BYTES = 256 * 1024;
const MAX_MESSAGE_BYTES = 1024;
const MAX_INT32 = 2 ** 31 - 1;

function validateAttachment({ spec, status }: T): FieldError[] {
  const volume = spec.source?.persistentVolumeName;
  const named = (path: string, name: string) => isDNS1123Subdomain(name).map((text) => invalidValue(path, name, text));
  return [
    ...validateDriverName("spec.attacher", spec.attacher),
    ...validateSource(spec.source ?? {}),
    ...named("spec.nodeName", spec.nodeName),
    ...validateStatus(status),
    ...(volume === undefined ? [] : named("spec.source.persistentVolumeName", volume)),
  ];
}

function validateSource({ inlineVolumeSpec: inline, persistentVolumeName: name }: T["spec"]["source"]): FieldError[] {
  const one = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  if (!inline && name === undefined) return [required("spec.source", one)];
  if (inline && name !== undefined) return [forbidden("spec.source", one)];
  if (inline) return validateVolumeSpec("spec.source.inlineVolumeSpec", inline, {});
  return name ? [] : [required("spec.source.persistentVolumeName", "must specify non empty persistentVolumeName")];
}

function validateStatus(status: T["status"] | undefined): FieldError[] {
  const entries = Object.entries(status?.attachmentMetadata ?? {});
  const size = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  const errors = size > MAX_METADATA_BYTES ? [tooLong("status.attachmentMetadata", MAX_METADATA_BYTES)] : [];
  for (const name of ["attachError", "detachError"] as const) {
    const { message = "", errorCode } = status?.[name] ?? {};
    if (byteLength(message) > MAX_MESSAGE_BYTES) errors.push(tooLong(`status.${name}.message`, MAX_METADATA_BYTES));
    if (errorCode !== undefined && errorCode < 0)
      errors.push(invalidValue(`status.${name}.errorCode`, errorCode, inclusiveRangeError(0, MAX_INT32)));
  }
  return errors;
}
