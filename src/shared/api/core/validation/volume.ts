/**
 * PersistentVolumes, on their own and inline in an attachment.
 *
 * @source pkg/apis/core/validation/validation.go ValidatePersistentVolume(Spec|Update), pkg/api/persistentvolume/util.go v1.36
 */
import { forbidden, invalidValue, notSupported, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { Quantity } from "../../../apimachinery/quantity.ts";
import { deepEqual } from "../../../apimachinery/patch/index.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation.ts";
import type { PersistentVolume, PersistentVolumeSpec as Spec } from "../../generated/core-v1.ts";
import { nodeSelectorTermWarnings, validateNodeSelector } from "./node-selector.ts";
import { sortedEntries } from "./resources.ts";
import { SOURCE_NAMES, validateSources } from "./volume-sources.ts";

const MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const POLICIES = ["Delete", "Recycle", "Retain"];
export const VOLUME_MODES = ["Block", "Filesystem"];
const NOT_INLINE = "may not be specified in the context of inline volumes";

export function validateAccessModes(path: string, modes: readonly string[] = []): FieldError[] {
  const errors = modes.filter((mode) => !MODES.includes(mode)).map((mode) => notSupported(path, mode, MODES));
  const others = modes.some((mode) => mode !== "ReadWriteOncePod" && MODES.includes(mode));
  if (modes.includes("ReadWriteOncePod") && others)
    errors.push(forbidden(path, "may not use ReadWriteOncePod with other access modes"));
  return errors;
}

export const validateClass = (path: string, name: string): FieldError[] =>
  isDNS1123Subdomain(name).map((text) => invalidValue(path, name, text));

const ZERO = Quantity.of(0);

/** Whole units, no less than none. */
export function validateBasicQuantity(path: string, text: string): FieldError[] {
  const value = Quantity.parse(text).toNumber();
  return value < 0 ? [invalidValue(path, value, "must be a valid resource quantity")] : [];
}

export function validatePositiveQuantity(path: string, text: string): FieldError[] {
  return Quantity.parse(text).cmp(ZERO) <= 0 ? [invalidValue(path, text, "must be greater than zero")] : [];
}

export const validateVolume = ({ metadata, spec }: PersistentVolume): FieldError[] => [
  ...validateVolumeSpec("spec", spec, { volume: metadata.name ?? "" }),
  ...mountOptionsRefused(metadata, spec),
];

const WITH_MOUNT_OPTIONS = [
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "nfs",
  "rbd",
  "quobyte",
  "iscsi",
  "cinder",
  "cephfs",
  "azureFile",
  "vsphereVolume",
  "azureDisk",
  "photonPersistentDisk",
] as const;

function mountOptionsRefused({ annotations = {} }: PersistentVolume["metadata"], spec: Spec): FieldError[] {
  if (!(OPTIONS_ANNOTATION in annotations) || WITH_MOUNT_OPTIONS.some((name) => spec[name])) return [];
  return [forbidden(`metadata.annotations.${OPTIONS_ANNOTATION}`, "may not specify mount options for this volume type")];
}

/** `volume`: its name; without one the spec stands inline in an attachment. */
export function validateVolumeSpec(path: string, spec: Spec, { volume }: { volume?: string }): FieldError[] {
  const inline = volume === undefined;
  const affine = Boolean(spec.nodeAffinity) && !inline;
  return [
    ...(inline ? validateInline(path, spec) : []),
    ...(spec.accessModes?.length ? [] : [required(`${path}.accessModes`)]),
    ...validateAccessModes(`${path}.accessModes`, spec.accessModes),
    ...(inline ? [] : validateCapacity(`${path}.capacity`, spec.capacity)),
    ...validateReclaim(path, spec, inline),
    ...validateAffinity(path, spec, inline),
    ...validateSources(spec, path, { volume: volume ?? "", affine }),
    ...validateRecycling(path, spec),
    ...validateStorageClass(path, spec, inline),
    ...validateMode(path, spec, inline),
    ...validateAttributesClass(path, spec),
  ];
}

function validateInline(path: string, { claimRef, capacity, csi }: Spec): FieldError[] {
  const errors: FieldError[] = [];
  if (claimRef) errors.push(forbidden(`${path}.claimRef`, NOT_INLINE));
  if (capacity && Object.keys(capacity).length) errors.push(forbidden(`${path}.capacity`, NOT_INLINE));
  if (!csi) errors.push(required(`${path}.csi`, "has to be specified in the context of inline volumes"));
  return errors;
}

function validateCapacity(path: string, capacity: Spec["capacity"]): FieldError[] {
  const names = Object.keys(capacity ?? {});
  const errors = names.length ? [] : [required(path)];
  if (capacity?.storage === undefined || names.length > 1) errors.push(notSupported(path, capacity, ["storage"]));
  for (const [name, quantity] of sortedEntries(capacity))
    errors.push(
      ...validateBasicQuantity(`${path}[${name}]`, quantity),
      ...validatePositiveQuantity(`${path}[${name}]`, quantity),
    );
  return errors;
}

function validateReclaim(path: string, { persistentVolumeReclaimPolicy: policy }: Spec, inline: boolean): FieldError[] {
  const at = `${path}.persistentVolumeReclaimPolicy`;
  if (!policy) return [];
  if (!inline) return POLICIES.includes(policy) ? [] : [notSupported(at, policy, POLICIES)];
  return policy === "Retain" ? [] : [forbidden(at, "may only be Retain in the context of inline volumes")];
}

function validateAffinity(path: string, { nodeAffinity }: Spec, inline: boolean): FieldError[] {
  const at = `${path}.nodeAffinity`;
  if (!nodeAffinity) return [];
  if (inline) return [forbidden(at, NOT_INLINE)];
  if (!nodeAffinity.required) return [required(`${at}.required`, "must specify required node constraints")];
  return validateNodeSelector(`${at}.required`, nodeAffinity.required);
}

/** The root of a node must not be wiped. */
function validateRecycling(path: string, { hostPath, persistentVolumeReclaimPolicy }: Spec): FieldError[] {
  const root = hostPath && /^\/[/.]*$/.test(hostPath.path ?? "");
  if (!root || persistentVolumeReclaimPolicy !== "Recycle") return [];
  return [forbidden(`${path}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'")];
}

function validateStorageClass(path: string, { storageClassName }: Spec, inline: boolean): FieldError[] {
  const at = `${path}.storageClassName`;
  if (!storageClassName) return [];
  return inline ? [forbidden(at, NOT_INLINE)] : validateClass(at, storageClassName);
}

function validateMode(path: string, { volumeMode }: Spec, inline: boolean): FieldError[] {
  const at = `${path}.volumeMode`;
  if (volumeMode === undefined) return [];
  if (!inline) return VOLUME_MODES.includes(volumeMode) ? [] : [notSupported(at, volumeMode, VOLUME_MODES)];
  const text = "may not specify volumeMode other than Filesystem in the context of inline volumes";
  return volumeMode === "Filesystem" ? [] : [forbidden(at, text)];
}

function validateAttributesClass(path: string, { volumeAttributesClassName: name, csi }: Spec): FieldError[] {
  const at = `${path}.volumeAttributesClassName`;
  if (name === undefined) return [];
  const errors = name ? validateClass(at, name) : [required(at, "an empty string is disallowed")];
  if (!csi) errors.push(required(`${path}.csi`, "has to be specified when using volumeAttributesClassName"));
  return errors;
}

export function validateVolumeUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors = validateVolume(volume); // told twice, as upstream does
  const [spec, was] = [volume.spec, old.spec];
  if (!SOURCE_NAMES.every((name) => deepEqual(sourceToCompare(spec, was, name), was[name])))
    errors.push(forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation\n"));
  if (spec.volumeMode !== was.volumeMode) errors.push(invalidValue("volumeMode", spec.volumeMode, "field is immutable"));
  if (was.nodeAffinity && !deepEqual(spec.nodeAffinity, was.nodeAffinity)) {
    const text = "field is immutable, except for updating from beta label to GA";
    errors.push(invalidValue("nodeAffinity", spec.nodeAffinity, text));
  }
  if (was.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined)
    errors.push(forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden"));
  return errors;
}

/** A CSI volume may get the secret for its expansion later. */
function sourceToCompare(spec: Spec, was: Spec, name: (typeof SOURCE_NAMES)[number]): unknown {
  if (name !== "csi" || !spec.csi || !was.csi || was.csi.controllerExpandSecretRef) return spec[name];
  const { controllerExpandSecretRef: _later, ...rest } = spec.csi;
  return rest;
}

const GONE: readonly (readonly [source: keyof Spec & string, since: string, text: string])[] = [
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

export const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";
export const CLASS_ANNOTATION_WARNING = `metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`;
const OPTIONS_ANNOTATION = "volume.beta.kubernetes.io/mount-options";

export function volumeWarnings({ metadata, spec }: PersistentVolume): string[] {
  const { annotations = {} } = metadata;
  const warnings: string[] = [];
  if (CLASS_ANNOTATION in annotations) warnings.push(CLASS_ANNOTATION_WARNING);
  if (OPTIONS_ANNOTATION in annotations)
    warnings.push(`metadata.annotations[${OPTIONS_ANNOTATION}]: deprecated since v1.31; use "mountOptions" attribute instead`);
  if (spec.persistentVolumeReclaimPolicy === "Recycle") {
    const advice = "Instead, the recommended approach is to use dynamic provisioning.";
    warnings.push(`spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. ${advice}`);
  }
  (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).forEach((term, i) =>
    warnings.push(...nodeSelectorTermWarnings(`spec.nodeAffinity.required.nodeSelectorTerms[${i}]`, term)),
  );
  for (const [source, name, text] of GONE) if (spec[source]) warnings.push(`spec.${name}: ${text}`);
  return warnings;
}
