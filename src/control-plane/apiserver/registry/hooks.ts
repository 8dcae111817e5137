/**
 * What happens to an object on its way in, whatever the verb: system fields, what a door may not change, validation, admission.
 *
 * @source staging/src/k8s.io/apiserver/pkg/registry/rest/{create,update}.go v1.36
 */
import type { Kind, WriteContext } from "../../../shared/api/kind.ts";
import { badRequest, invalid } from "../../../shared/apimachinery/errors.ts";
import { invalidValue, type FieldError } from "../../../shared/apimachinery/field-error.ts";
import type { KubeObject, ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import { deepEqual } from "../../../shared/apimachinery/patch/json.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { AdmissionAttributes, Operation as AdmissionOperation } from "../types.ts";
import { hubOf } from "./convert.ts";
import { resetForCreate, resetForUpdate } from "./doors.ts";
import type { Operation } from "./operation.ts";
import { finalizerErrors, validateMetadata, validateMetadataUpdate } from "./validate-metadata.ts";

/** The kind whose rules apply. */
const kindOf = (op: Operation) => hubOf(op.served).kind;

const IMMUTABLE = "field is immutable";

function writeContext(op: Operation, dryRun: boolean): WriteContext {
  const warn = (text: string) => void op.warnings.push(text);
  return {
    subresource: op.info.subresource,
    groupVersion: op.served.kind.groupVersion,
    dryRun,
    now: op.now,
    user: op.user,
    warn,
  };
}

/** The body's namespace is the path's, or left out; cluster-scoped objects have none. */
export function matchNamespace(op: Operation, object: KubeObject): void {
  const meta: Partial<ObjectMeta> = object.metadata;
  if (op.served.kind.scope === "Cluster") {
    delete meta.namespace;
    return;
  }
  if (meta.namespace && meta.namespace !== op.info.namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  meta.namespace = op.info.namespace;
}

/** What a client cannot set of a new object. */
export function wipeSystemFields(object: KubeObject): void {
  const meta: Partial<ObjectMeta> = object.metadata;
  for (const member of ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] as const)
    delete meta[member];
}

export function fillSystemFields(op: Operation, object: KubeObject): void {
  wipeSystemFields(object);
  object.metadata.creationTimestamp = formatTime(op.now);
  object.metadata.uid = op.core.platform.random.uuid();
}

/** Validates what is about to be created. Throws 422. */
export function beforeCreate(op: Operation, object: KubeObject, dryRun: boolean): void {
  const kind = kindOf(op);
  const context = writeContext(op, dryRun);
  matchNamespace(op, object);
  if (kind.generation) object.metadata.generation = 1;
  resetForCreate(kind, object);
  kind.prepareForCreate?.(object, context);
  const own = kind.validate?.(object, context) ?? [];
  const errors = kind.plainMetadata?.(context)
    ? own.length
      ? own
      : validateMetadata(kind, object, true)
    : [...validateMetadata(kind, object), ...own];
  if (errors.length) throw invalid(op.served.resource.storage.kindRef, object.metadata.name ?? "", errors);
  op.warnings.push(...(kind.warnings?.(object, undefined, context) ?? []));
}

/** Brings what is about to replace `old` in order and validates it. Throws 422. */
export function beforeUpdate(op: Operation, object: KubeObject, old: KubeObject, dryRun: boolean): void {
  const kind = kindOf(op);
  const context = writeContext(op, dryRun);
  const meta: Partial<ObjectMeta> = object.metadata;
  const was: Partial<ObjectMeta> = old.metadata;
  matchNamespace(op, object);
  if (was.generation === undefined) delete meta.generation;
  else meta.generation = was.generation;
  resetForUpdate(kind, op.info.subresource, object, old);
  const status = op.info.subresource === "status";
  if (status) kind.prepareForStatusUpdate?.(object, old, context);
  else kind.prepareForUpdate?.(object, old, context);
  if (!status && kind.generation && contentChanged(kind, object, old)) meta.generation = (was.generation ?? 0) + 1;
  keepSystemFields(meta, was);
  const changed = validateMetadataUpdate(object, old);
  const errors = [...validateMetadata(kind, object, true), ...changed];
  if (!kind.plainMetadata?.(context)) {
    errors.push(...changed); // told twice, as upstream does
    errors.push(...finalizerErrors(kind, object));
    if (kind.revalidatesMetadata && !status) errors.push(...validateMetadata(kind, object));
  }
  if (status) errors.push(...(kind.validateStatusUpdate?.(object, old, context) ?? []));
  else
    errors.push(
      ...immutableErrors(kind.immutable, object, old),
      ...(kind.validate?.(object, context, old) ?? []),
      ...(kind.validateUpdate?.(object, old, context) ?? []),
    );
  if (errors.length) throw invalid(op.served.resource.storage.kindRef, object.metadata.name ?? "", errors);
  op.warnings.push(...(kind.warnings?.(object, old, context) ?? []));
}

function keepSystemFields(meta: Partial<ObjectMeta>, was: Partial<ObjectMeta>): void {
  if (!meta.uid) meta.uid = was.uid;
  if (was.creationTimestamp) meta.creationTimestamp = was.creationTimestamp;
  if (was.deletionTimestamp) meta.deletionTimestamp = was.deletionTimestamp;
  if (was.deletionGracePeriodSeconds !== undefined) meta.deletionGracePeriodSeconds ??= was.deletionGracePeriodSeconds;
  if (was.selfLink === undefined) delete meta.selfLink;
}

const NOT_CONTENT = new Set(["kind", "apiVersion", "metadata", "status"]);

/** Something other than metadata and status differs; a custom resource without that door has no status, only a field of this name. */
function contentChanged(kind: Kind<any>, object: KubeObject, old: KubeObject): boolean {
  const statusCounts = Boolean(kind.schema.dynamic) && !kind.subresources.some((s) => s.name === "status");
  const [a, b] = [object, old] as unknown as Record<string, unknown>[];
  if (kind.generation === "annotations" && !deepEqual(object.metadata.annotations ?? {}, old.metadata.annotations ?? {}))
    return true;
  for (const key of new Set([...Object.keys(a!), ...Object.keys(b!)]))
    if ((!NOT_CONTENT.has(key) || (statusCounts && key === "status")) && !deepEqual(a![key], b![key])) return true;
  return false;
}

function immutableErrors(paths: readonly string[] | undefined, object: KubeObject, old: KubeObject): FieldError[] {
  return (paths ?? []).flatMap((path) => {
    const now = at(object, path);
    return deepEqual(now, at(old, path)) ? [] : [invalidValue(path, now, IMMUTABLE)];
  });
}

function at(object: unknown, path: string): unknown {
  return path.split(".").reduce((o, key) => (o as Record<string, unknown> | undefined)?.[key], object);
}

/** References to one owner twice become one; told to the client. */
export function dropDuplicateOwners(op: Operation, object: KubeObject, afterAdmission: boolean): void {
  const owners = object.metadata.ownerReferences;
  if (!owners || owners.length < 2) return;
  const twice = new Set<string>();
  const kept = owners.filter((owner, i) => {
    const first = owners.findIndex((o) => deepEqual(o, owner)) === i;
    if (!first) twice.add(owner.uid);
    return first;
  });
  if (kept.length === owners.length) return;
  object.metadata.ownerReferences = kept;
  const when = afterAdmission ? " after mutating admission happens" : "";
  const text = `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...twice].join(", ")}`;
  op.warnings.push(text);
}

export function attributesOf(
  op: Operation,
  operation: AdmissionOperation,
  object: KubeObject | undefined,
  oldObject: KubeObject | undefined,
  options: { dryRun: boolean; asObject: Record<string, unknown> },
): AdmissionAttributes {
  return {
    operation,
    kind: op.served.kind,
    subresource: op.info.subresource,
    namespace: op.info.namespace,
    name: op.info.name || object?.metadata.name || "",
    object,
    oldObject,
    options: options.asObject,
    user: op.user,
    dryRun: options.dryRun,
    warn: (text) => void (op.warnings.includes(text) || op.warnings.push(text)),
  };
}

/** The mutating phase. A plugin that answers at once is not awaited. */
export async function admit(op: Operation, attributes: AdmissionAttributes): Promise<void> {
  for (const plugin of op.core.admission) {
    if (!plugin.admit || !plugin.handles(attributes)) continue;
    const running = plugin.admit(attributes, op.core.context);
    if (running) await running;
  }
}

/** The validating phase. */
export async function validateAdmission(op: Operation, attributes: AdmissionAttributes): Promise<void> {
  for (const plugin of op.core.admission) {
    if (!plugin.validate || !plugin.handles(attributes)) continue;
    const running = plugin.validate(attributes, op.core.context);
    if (running) await running;
  }
}
