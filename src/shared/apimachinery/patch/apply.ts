/**
 * Server-side apply: a manager states all that it wants; what it states wins, what it stated before and leaves out goes, unless somebody
 * else owns it too; a field of another manager is a conflict unless forced.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go,
 *   vendor/sigs.k8s.io/structured-merge-diff/v6/merge/update.go v1.36
 */
import { apiError, badRequest } from "../errors.ts";
import { conflictError, conflictsWith, type Conflict } from "./conflicts.ts";
import { fieldsOfConfiguration } from "./field-set.ts";
import type { Fields } from "./fields.ts";
import { deepEqual, isObject, type JsonObject } from "./json.ts";
import { allowedByLastApplied, KUBECTL, withLastApplied } from "./last-applied.ts";
import { entriesOf, managerKey, managersOf, timeOf, type ManagedFieldsEntry, type Managers } from "./managers.ts";
import { mergeConfiguration } from "./merge.ts";
import { changesByVersion, dropUnserved, fieldsOfCreated, takeFromAll, type Writer } from "./ownership.ts";
import { prune } from "./prune.ts";
import { withoutSystemFields, type FieldScope } from "./scope.ts";
import { joinErrors, validateConfiguration } from "./validate.ts";

export interface Applied {
  /** The result before defaulting and validation; its `managedFields` are those below. Shares parts with the live object. */
  object: JsonObject;
  managedFields: ManagedFieldsEntry[] | undefined;
}

/**
 * @param live the stored object; undefined to create
 * @param config the decoded body
 * @param force take conflicting fields
 * @throws 400 for another kind or version, or with managedFields in it; 409 for conflicts; a plain 500 where it does not fit the schema
 */
export function applyConfiguration(live: JsonObject | undefined, config: unknown, writer: Writer, force: boolean): Applied {
  const checked = checkKind(config, writer);
  const context: Context = { writer, live: live ?? emptyObject(writer), created: !live, config: checked };
  const { object, managedFields } = applyAs(context, force);
  const final = writer.manager === KUBECTL ? withLastApplied(object, checked) : object;
  return { object: withEntries(final, managedFields), managedFields };
}

interface Context {
  writer: Writer;
  live: JsonObject;
  created: boolean;
  config: JsonObject;
}

const emptyObject = ({ scope }: Writer): JsonObject => ({ apiVersion: scope.apiVersion, kind: scope.kind });

function checkKind(config: unknown, { scope }: Writer): JsonObject {
  const object = isObject(config) ? config : {};
  const given = printKind(object.apiVersion, object.kind);
  if (given !== printKind(scope.apiVersion, scope.kind)) throw badRequest(`invalid object type: ${given}`);
  return object;
}

/** `apps/v1, Kind=Deployment`; the core group is empty: `/v1, Kind=Pod`. */
function printKind(apiVersion: unknown, kind: unknown): string {
  const version = typeof apiVersion === "string" ? apiVersion : "";
  const parts = version.split("/");
  if (parts.length > 2) return "/, Kind=";
  return `${parts.length === 2 ? version : `/${version}`}, Kind=${typeof kind === "string" ? kind : ""}`;
}

/** Applies, and once more by force where all conflicts are with what kubectl itself wrote before it applied server-side. */
function applyAs(context: Context, force: boolean): Applied {
  const { writer, live, config } = context;
  const outcome = attempt(context, force);
  if ("object" in outcome) return outcome;
  const allowed = writer.manager === KUBECTL ? allowedByLastApplied(live, writer.scope) : undefined;
  const left = allowed ? outcome.conflicts.filter((conflict) => !allowed(conflict.path)) : outcome.conflicts;
  if (left.length > 0) throw conflictError(left);
  return attempt({ ...context, config }, true) as Applied;
}

function attempt({ writer, live, created, config }: Context, force: boolean): Applied | { conflicts: Conflict[] } {
  const { scope, now } = writer;
  const managers = startManagers(live, created, writer);
  checkConfiguration(config, writer);
  const self = {
    name: writer.manager,
    operation: "Apply" as const,
    apiVersion: scope.apiVersion,
    subresource: scope.subresource,
  };
  const key = managerKey(self);
  const last = managers.get(key);
  const claimed = scope.filter(fieldsOfConfiguration(config, scope.schema));
  managers.set(key, { ...self, time: last?.time, fields: claimed });
  const merged = mergeConfiguration(live, config, scope.schema);
  const object = last ? prune({ merged, last, managers, writer }) : merged;

  const changes = changesByVersion(live, object, writer);
  const conflicts = force ? [] : conflictsWith(managers, key, changes);
  if (conflicts.length > 0) return { conflicts };
  takeFromAll(managers, changes, key);
  const changed = created || !deepEqual(live, object);
  settle(managers, key, claimed, changed ? timeOf(now) : last?.time);
  return { object: changed ? object : live, managedFields: entriesOf(managers) };
}

/** Where nobody is recorded, all that is there belongs to `before-first-apply`. */
function startManagers(live: JsonObject, created: boolean, writer: Writer): Managers {
  const managers = managersOf((live.metadata as JsonObject | undefined)?.managedFields as ManagedFieldsEntry[] | undefined);
  if (created || managers.size > 0) {
    dropUnserved(managers, live, writer);
    return managers;
  }
  const { apiVersion, subresource } = writer.scope;
  const fields = fieldsOfCreated(live, writer.scope);
  const before = {
    name: "before-first-apply",
    operation: "Update" as const,
    apiVersion,
    subresource,
    time: timeOf(writer.now),
    fields,
  };
  if (fields) managers.set(managerKey(before), before);
  return managers;
}

function checkConfiguration(config: JsonObject, { scope }: Writer): void {
  const metadata = isObject(config.metadata) ? config.metadata : {};
  if (Array.isArray(metadata.managedFields)) throw badRequest("metadata.managedFields must be nil");
  const errors = validateConfiguration(config, scope.schema);
  if (errors.length === 0) return;
  throw apiError(500, "", `failed to create typed patch object (${nameApplied(config, scope)}): ${joinErrors(errors)}`);
}

/** How refusals name a configuration: `default/web; apps/v1, Kind=Deployment`, with what it says itself. */
export function nameApplied({ metadata }: JsonObject, { apiVersion, kind }: FieldScope): string {
  const { namespace, name } = isObject(metadata) ? metadata : {};
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return `${text(namespace)}/${text(name)}; ${printKind(apiVersion, kind)}`;
}

/** An applier that gains nothing but shared ownership keeps its old time, or has none. */
function settle(managers: Managers, key: string, claimed: Fields | undefined, time: string | undefined): void {
  const fields = withoutSystemFields(claimed);
  const manager = managers.get(key);
  if (!fields || !manager) managers.delete(key);
  else managers.set(key, { ...manager, fields, time });
}

function withEntries(object: JsonObject, managedFields: ManagedFieldsEntry[] | undefined): JsonObject {
  const { managedFields: _, ...metadata } = isObject(object.metadata) ? object.metadata : {};
  return { ...object, metadata: { ...metadata, ...(managedFields && { managedFields }) } };
}
