/**
 * PersistentVolumeClaims: fixed once made, but for growth and the attributes class of a bound one.
 *
 * @source pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaim…, pkg/api/persistentvolumeclaim/util.go v1.36
 */
import { forbidden, invalidValue, notSupported, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { deepCopy, deepEqual } from "../../../apimachinery/patch/index.ts";
import { compareQuantities, quantityMilli } from "../../../apimachinery/quantity.ts";
import { isDNS1123Label, isDNS1123Subdomain, isQualifiedName, validateLabelSelector } from "../../../apimachinery/validation.ts";
import type {
  PersistentVolumeClaim as Claim,
  PersistentVolumeClaimSpec as Spec,
  TypedObjectReference as Reference,
} from "../../generated/core-v1.ts";
import { isNativeName, sortedEntries, validateResourceQuantity } from "./resources.ts";
import {
  CLASS_ANNOTATION,
  CLASS_ANNOTATION_WARNING,
  validateAccessModes,
  validateBasicQuantity,
  validateClass,
  validatePositiveQuantity,
  VOLUME_MODES,
} from "./volume.ts";

/** Also of claims that a workload makes: `path` is where the spec stands. */
export function validateClaimSpec(path: string, spec: Spec): FieldError[] {
  const { accessModes, selector, storageClassName, volumeMode, volumeAttributesClassName } = spec;
  const modes = `${path}.accessModes`;
  const errors = accessModes?.length ? [] : [required(modes, "at least 1 access mode is required")];
  errors.push(...validateLabelSelector(`${path}.selector`, selector), ...validateAccessModes(modes, accessModes));
  errors.push(...validateSize(`${path}.resources[storage]`, spec.resources?.requests?.storage));
  if (storageClassName) errors.push(...validateClass(`${path}.storageClassName`, storageClassName));
  if (volumeMode !== undefined && !VOLUME_MODES.includes(volumeMode))
    errors.push(notSupported(`${path}.volumeMode`, volumeMode, VOLUME_MODES));
  errors.push(...validateDataSources(path, spec));
  if (volumeAttributesClassName) errors.push(...validateClass(`${path}.volumeAttributesClassName`, volumeAttributesClassName));
  return errors;
}

function validateSize(path: string, size: string | undefined): FieldError[] {
  if (size === undefined) return [required(path)];
  const errors = validatePositiveQuantity(path, size);
  return errors.length ? errors : validateResourceQuantity(path, "storage", size);
}

function validateDataSources(path: string, { dataSource, dataSourceRef }: Spec): FieldError[] {
  const errors = [
    ...(dataSource ? validateReference(`${path}.dataSource`, dataSource) : []),
    ...(dataSourceRef ? validateReference(`${path}.dataSourceRef`, dataSourceRef) : []),
  ];
  if (!dataSource || !dataSourceRef) return errors;
  // The value is a path upstream, which has no JSON.
  const { namespace, ...local } = dataSourceRef;
  if (namespace) errors.push(invalidValue(path, {}, "may not be specified when dataSourceRef.namespace is specified"));
  else if (!deepEqual(dataSource, local)) errors.push(invalidValue(path, {}, "must match dataSourceRef"));
  return errors;
}

function validateReference(path: string, { apiGroup, kind = "", name, namespace }: Reference): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${path}.name`));
  if (!kind) errors.push(required(`${path}.kind`));
  if (!apiGroup && kind !== "PersistentVolumeClaim")
    errors.push(invalidValue(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  if (apiGroup) for (const text of isDNS1123Subdomain(apiGroup)) errors.push(invalidValue(`${path}.apiGroup`, apiGroup, text));
  if (namespace) for (const text of isDNS1123Label(namespace)) errors.push(invalidValue(`${path}.namespace`, namespace, text));
  return errors;
}

const FIXED = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n";

export function validateClaimUpdate(claim: Claim, old: Claim): FieldError[] {
  const errors: FieldError[] = [];
  const [wanted, was] = [deepCopy(claim.spec), deepCopy(old.spec)];
  // The volume is named once, by whoever binds.
  if (!was.volumeName && wanted.volumeName) was.volumeName = wanted.volumeName;
  errors.push(...alignClasses(claim, old, wanted));
  if (claim.status?.phase === "Bound") {
    if (wanted.resources?.requests) setOrDrop(wanted.resources.requests, "storage", was.resources?.requests?.storage);
    if (was.volumeAttributesClassName === undefined) delete wanted.volumeAttributesClassName;
    else wanted.volumeAttributesClassName = was.volumeAttributesClassName;
  }
  if (!deepEqual(wanted, was)) errors.push(forbidden("spec", FIXED));
  errors.push(...shrinks(claim, old));
  if (claim.spec.volumeMode !== old.spec.volumeMode)
    errors.push(invalidValue("volumeMode", claim.spec.volumeMode, "field is immutable"));
  return [...errors, ...dropsAttributesClass(claim, old)];
}

function setOrDrop(object: Record<string, string>, name: string, value: string | undefined): void {
  if (value === undefined) delete object[name];
  else object[name] = value;
}

/** A claim without a class may get one, the annotation that named it may become the field. `wanted` is made equal then. */
function alignClasses(claim: Claim, old: Claim, wanted: Spec): FieldError[] {
  const [now, before] = [claim.metadata.annotations?.[CLASS_ANNOTATION], old.metadata.annotations?.[CLASS_ANNOTATION]];
  const given = old.spec.storageClassName === undefined ? claim.spec.storageClassName : undefined;
  const moved = before !== undefined && given === before && (now === undefined || now === before);
  if (given !== undefined && (before === undefined || given === before)) delete wanted.storageClassName;
  if (moved || now === before) return [];
  return [invalidValue(`metadata.annotations[${CLASS_ANNOTATION}]`, now ?? "", "field is immutable")];
}

function shrinks(claim: Claim, old: Claim): FieldError[] {
  const size = (of: Claim) => of.spec.resources?.requests?.storage ?? "0";
  if (compareQuantities(size(claim), size(old)) >= 0) return [];
  if (compareQuantities(size(claim), old.status?.capacity?.storage ?? "0") > 0) return [];
  return [forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")];
}

function dropsAttributesClass({ spec }: Claim, old: Claim): FieldError[] {
  const name = spec.volumeAttributesClassName;
  if (name || name === old.spec.volumeAttributesClassName) return [];
  if (old.status?.currentVolumeAttributesClassName === undefined) return [];
  const text = `update to ${name === undefined ? "nil" : "empty string"} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbidden("spec.volumeAttributesClassName", text)];
}

const RESIZES = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
  "NodeResizePending",
].sort();

export function validateClaimStatus({ spec, status }: Claim): FieldError[] {
  const errors = spec.accessModes?.length ? [] : [required("Spec.accessModes")];
  for (const [name, amount] of sortedEntries(status?.capacity))
    errors.push(...validateBasicQuantity(`status.capacity[${name}]`, amount));
  const states = "status.allocatedResourceStatuses";
  for (const [name, state] of sortedEntries(status?.allocatedResourceStatuses)) {
    errors.push(...validateResourceKey(states, name));
    if (!RESIZES.includes(state)) errors.push(notSupported(states, name, RESIZES, "given"));
  }
  const allocated = "status.allocatedResources";
  for (const [name, amount] of sortedEntries(status?.allocatedResources)) {
    const wrong = validateResourceKey(allocated, name);
    if (!wrong.length) wrong.push(...validateBasicQuantity(`${allocated}[${name}]`, amount));
    errors.push(...(wrong.length ? wrong : validateResourceQuantity(`${allocated}[${name}]`, "storage", amount)));
  }
  return errors;
}

function validateResourceKey(path: string, name: string): FieldError[] {
  const errors = isQualifiedName(name).map((text) => invalidValue(path, name, text));
  if (errors.length || !isNativeName(name) || name === "storage") return errors;
  return [notSupported(path, name, ["storage"])];
}

export function claimWarnings({ metadata, spec }: Claim): string[] {
  const old = metadata.annotations?.[CLASS_ANNOTATION] === undefined ? [] : [CLASS_ANNOTATION_WARNING];
  return [...old, ...claimSpecWarnings("spec", spec)];
}

export function claimSpecWarnings(path: string, { resources }: Spec): string[] {
  return (["requests", "limits"] as const).flatMap((list) => {
    const amount = resources?.[list]?.storage;
    if (amount === undefined || quantityMilli(amount) % 1000 === 0) return [];
    return [`${path}.resources.${list}[storage]: fractional byte value "${amount}" is invalid, must be an integer`];
  });
}

/** `dataSource` takes a claim or a snapshot and is copied to `dataSourceRef`, and the other way round. */
export function linkDataSources(spec: Spec, old?: Spec): void {
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef;
  const hadSource = Boolean(old?.dataSource ?? old?.dataSourceRef);
  if (!hadSource && !spec.dataSourceRef && spec.dataSource && !isClassicSource(spec.dataSource)) delete spec.dataSource;
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    const { namespace: _none, ...local } = spec.dataSourceRef;
    spec.dataSource = local;
  }
}

function isClassicSource({ apiGroup, kind }: NonNullable<Spec["dataSource"]>): boolean {
  if (kind === "PersistentVolumeClaim") return !apiGroup;
  return kind === "VolumeSnapshot" && apiGroup === "snapshot.storage.k8s.io";
}
