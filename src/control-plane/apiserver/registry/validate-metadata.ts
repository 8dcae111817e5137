/**
 * What metadata must look like, for all kinds alike.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go v1.36
 */
import type { Kind } from "../../../shared/api/kind.ts";
import { forbidden, invalidValue, required, tooLong, type FieldError } from "../../../shared/apimachinery/field-error.ts";
import type { KubeObject, ObjectMeta, OwnerReference } from "../../../shared/apimachinery/meta.ts";
import {
  isDNS1035Label,
  isDNS1123Label,
  isDNS1123Subdomain,
  isPathSegmentName,
  isPathSegmentPrefix,
  isQualifiedName,
  validateAnnotations,
  validateFieldManager,
  validateLabels,
} from "../../../shared/apimachinery/validation.ts";

type NameRule = (name: string, prefix: boolean) => string[];

const rules: Record<string, NameRule> = {
  subdomain: (name, prefix) => isDNS1123Subdomain(prefix ? maskTrailingDash(name) : name),
  label: (name, prefix) => isDNS1123Label(prefix ? maskTrailingDash(name) : name),
  "label-1035": (name, prefix) => isDNS1035Label(prefix ? maskTrailingDash(name) : name),
  "path-segment": (name, prefix) => (prefix ? isPathSegmentPrefix(name) : isPathSegmentName(name)),
};

/** A prefix may end in a dash, since more follows. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith("-") ? `${name.slice(0, -2)}a` : name;
}

function nameRule(kind: Kind<any>): NameRule {
  return typeof kind.name === "function" ? kind.name : rules[kind.name ?? "subdomain"]!;
}

/** `update`: names are not judged by the kind's rule again. */
export function validateMetadata(kind: Kind<any>, object: KubeObject, update = false): FieldError[] {
  const meta: Partial<ObjectMeta> = object.metadata;
  const rule = update ? rules["path-segment"]! : nameRule(kind);
  const errors: FieldError[] = [];
  if (meta.generateName)
    for (const m of rule(meta.generateName, true)) errors.push(invalidValue("metadata.generateName", meta.generateName, m));
  if (!meta.name) errors.push(required("metadata.name", "name or generateName is required"));
  else for (const m of rule(meta.name, false)) errors.push(invalidValue("metadata.name", meta.name, m));
  if (kind.scope === "Namespaced") {
    if (!meta.namespace) errors.push(required("metadata.namespace"));
    else for (const m of isDNS1123Label(meta.namespace)) errors.push(invalidValue("metadata.namespace", meta.namespace, m));
  } else if (meta.namespace) errors.push(forbidden("metadata.namespace", "not allowed on this type"));
  if ((meta.generation ?? 0) < 0)
    errors.push(invalidValue("metadata.generation", meta.generation, "must be greater than or equal to 0"));
  if (meta.labels) errors.push(...validateLabels("metadata.labels", meta.labels));
  if (meta.annotations) errors.push(...validateAnnotations("metadata.annotations", meta.annotations));
  if (meta.ownerReferences) errors.push(...validateOwners(meta.ownerReferences));
  if (meta.finalizers) errors.push(...validateFinalizers(meta.finalizers, judgesFinalizers(kind) && !update));
  if (meta.managedFields) errors.push(...validateManagedFields(meta.managedFields));
  return errors;
}

function validateOwners(owners: readonly OwnerReference[]): FieldError[] {
  const path = "metadata.ownerReferences";
  const errors: FieldError[] = [];
  let controller = "";
  for (const owner of owners) {
    if (!owner.apiVersion || owner.apiVersion.split("/").length > 2)
      errors.push(invalidValue(`${path}.apiVersion`, owner.apiVersion ?? "", "version must not be empty"));
    for (const member of ["kind", "name", "uid"] as const)
      if (!owner[member]) errors.push(invalidValue(`${path}.${member}`, owner[member] ?? "", "must not be empty"));
    if (owner.apiVersion === "v1" && owner.kind === "Event")
      errors.push(invalidValue(path, owner, "/v1, Kind=Event is disallowed from being an owner"));
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    const twice = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
    if (controller) errors.push(invalidValue(path, owners, twice));
    else controller = name;
  }
  return errors;
}

const STANDARD_FINALIZERS = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

function validateFinalizers(finalizers: readonly string[], qualified: boolean): FieldError[] {
  const path = "metadata.finalizers";
  const errors = finalizers.flatMap((f) => isQualifiedName(f).map((m) => invalidValue(path, f, m)));
  if (qualified) errors.push(...unqualified(finalizers));
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion"))
    errors.push(invalidValue(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"));
  return errors;
}

function unqualified(finalizers: readonly string[]): FieldError[] {
  const text = "name is neither a standard finalizer name nor is it fully qualified";
  return finalizers.flatMap((f, i) =>
    f.includes("/") || STANDARD_FINALIZERS.has(f) ? [] : [invalidValue(`metadata.finalizers[${i}]`, f, text)],
  );
}

/** Definitions of other APIs, and what they define, may have any finalizer. */
const judgesFinalizers = ({ schema, group }: Kind<any>): boolean =>
  !schema.dynamic && group !== "apiextensions.k8s.io" && group !== "apiregistration.k8s.io";

/** Finalizers of all other kinds name who asks. */
export const finalizerErrors = (kind: Kind<any>, { metadata }: KubeObject): FieldError[] =>
  judgesFinalizers(kind) ? unqualified(metadata.finalizers ?? []) : [];

const MAX_SUBRESOURCE = 256;

function validateManagedFields(entries: NonNullable<ObjectMeta["managedFields"]>): FieldError[] {
  const errors: FieldError[] = [];
  entries.forEach((entry, i) => {
    const path = `metadata.managedFields[${i}]`;
    if (entry.operation !== "Apply" && entry.operation !== "Update")
      errors.push(invalidValue(`${path}.operation`, entry.operation ?? "", "must be `Apply` or `Update`"));
    if (entry.fieldsType && entry.fieldsType !== "FieldsV1")
      errors.push(invalidValue(`${path}.fieldsType`, entry.fieldsType, "must be `FieldsV1`"));
    errors.push(...validateFieldManager(`${path}.manager`, entry.manager ?? ""));
    if ((entry.subresource?.length ?? 0) > MAX_SUBRESOURCE) errors.push(tooLong(`${path}.subresource`, MAX_SUBRESOURCE));
  });
  return errors;
}

const IMMUTABLE = "field is immutable";

export function validateMetadataUpdate(next: KubeObject, old: KubeObject): FieldError[] {
  const now: Partial<ObjectMeta> = next.metadata;
  const was: Partial<ObjectMeta> = old.metadata;
  const errors: FieldError[] = [];
  if (was.deletionTimestamp) {
    const added = (now.finalizers ?? []).filter((f) => !was.finalizers?.includes(f)).sort();
    const list = `[]string{${added.map((f) => JSON.stringify(f)).join(", ")}}`;
    const text = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
    if (added.length) errors.push(forbidden("metadata.finalizers", text));
  }
  for (const member of [
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ] as const) {
    if ((now[member] ?? "") === (was[member] ?? "")) continue;
    errors.push(invalidValue(`metadata.${member}`, now[member] ?? (member.startsWith("deletion") ? null : ""), IMMUTABLE));
  }
  if (now.labels) errors.push(...validateLabels("metadata.labels", now.labels));
  if (now.annotations && now.annotations !== was.annotations)
    errors.push(...validateAnnotations("metadata.annotations", now.annotations));
  if (now.ownerReferences) errors.push(...validateOwners(now.ownerReferences));
  if (now.managedFields) errors.push(...validateManagedFields(now.managedFields));
  return errors;
}
