/**
 * Who owns what after a create or an update: the record that server-side apply works from.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/{fieldmanager,managedfieldsupdater}.go,
 *   vendor/sigs.k8s.io/structured-merge-diff/v6/merge/update.go v1.36
 */
import type { KubeObject } from "../meta.ts";
import type { StructSchema } from "../schema.ts";
import { fieldsOfNewObject } from "./added.ts";
import { compareObjects, type Changes } from "./compare.ts";
import { difference, union, type Fields } from "./fields.ts";
import { deepEqual, type JsonObject } from "./json.ts";
import {
  capUpdateManagers,
  entriesOf,
  entryOf,
  isReset,
  managerKey,
  managersOf,
  readManagers,
  timeOf,
  type ManagedFieldsEntry,
  type Manager,
  type Managers,
} from "./managers.ts";
import { withoutSystemFields, type FieldScope } from "./scope.ts";

/** An object in another version, and that version's schema; undefined where the version is not served (any more). */
export type InVersion = (object: JsonObject, apiVersion: string) => { object: JsonObject; schema: StructSchema } | undefined;

export interface Writer {
  scope: FieldScope;
  /** Name of the manager; empty: `unknown`. */
  manager: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** Absent: every other version counts as not served. */
  inVersion?: InVersion;
}

/**
 * The entries of an object that is about to be created.
 *
 * @param object decoded and defaulted, before admission
 * @returns undefined where nothing is owned, or where the object cannot be read by its schema
 */
export function ownershipOfCreated(object: KubeObject, writer: Writer): ManagedFieldsEntry[] | undefined {
  const { scope } = writer;
  const given = object.metadata.managedFields as ManagedFieldsEntry[] | undefined;
  try {
    const fields = fieldsOfCreated(object as unknown as JsonObject, scope);
    const managers = given && !isReset(given) ? readOrNothing(given) : undefined;
    if (!managers?.size) return fields && [entryOf(updater(writer, fields))];
    takeFromAll(managers, () => ({ changed: fields }));
    if (fields) addToOwn(managers, writer, fields);
    return entriesOf(managers);
  } catch {
    return undefined;
  }
}

/** What an updater owns of an object that was not there. */
export function fieldsOfCreated(object: JsonObject, scope: FieldScope): Fields | undefined {
  return scope.filter(fieldsOfNewObject(object, scope.schema, scope.typed, scope.unowned));
}

/**
 * The entries of an object that is about to be replaced.
 *
 * @param live what is stored
 * @param object what takes its place, decoded and defaulted, before admission; its own `managedFields` count unless this is a subresource
 * @returns the live object's own list where nothing changed; undefined where nobody is recorded (and so nobody starts to be)
 */
export function ownershipOfUpdated(live: KubeObject, object: KubeObject, writer: Writer): ManagedFieldsEntry[] | undefined {
  const entries = live.metadata.managedFields as ManagedFieldsEntry[] | undefined;
  try {
    const managers = managersFor(entries, object.metadata.managedFields, writer.scope);
    if (managers.size === 0) return undefined;
    dropUnserved(managers, live as unknown as JsonObject, writer);
    const changes = changesByVersion(live, object, writer);
    const { changed, removed } = changes(writer.scope.apiVersion)!;
    if (!changed && !removed) return sameEntries(entries, entriesOf(withoutEmpty(managers)));
    takeFromAll(managers, changes);
    const own = withoutSystemFields(changed);
    if (own) addToOwn(managers, writer, own);
    capUpdateManagers(managers);
    return entriesOf(managers);
  } catch {
    return undefined;
  }
}

function managersFor(live: ManagedFieldsEntry[] | undefined, given: unknown, scope: FieldScope): Managers {
  if (scope.subresource !== "" || given === live) return managersOf(live);
  if (isReset(given)) return new Map();
  const fromRequest = Array.isArray(given) ? readOrNothing(given as ManagedFieldsEntry[]) : new Map();
  return fromRequest.size > 0 ? fromRequest : managersOf(live);
}

/** Managers of a version that is not served can own nothing. */
export function dropUnserved(managers: Managers, live: JsonObject, { scope, inVersion }: Writer): void {
  for (const [key, { apiVersion }] of managers) {
    if (apiVersion !== scope.apiVersion && !inVersion?.(live, apiVersion)) managers.delete(key);
  }
}

/** A list that a client got wrong counts for nothing. */
function readOrNothing(entries: ManagedFieldsEntry[]): Managers {
  try {
    return readManagers(entries);
  } catch {
    return new Map();
  }
}

const sameEntries = (live: ManagedFieldsEntry[] | undefined, now: ManagedFieldsEntry[] | undefined) =>
  deepEqual(live, now) ? live : now;

/** What changed, as far as it can be owned through this door. */
function changesBetween(live: JsonObject, object: JsonObject, scope: FieldScope): Changes {
  const { changed, removed } = compareObjects(live, object, scope.schema, scope.typed, scope.unowned);
  return { changed: scope.filter(changed), removed: scope.filter(removed) };
}

/** What changed, as managers of a version see it; undefined where that version is not served. */
export type ChangesByVersion = (apiVersion: string) => Changes | undefined;

export function changesByVersion(live: unknown, object: unknown, { scope, inVersion }: Writer): ChangesByVersion {
  const known = new Map<string, Changes | undefined>();
  known.set(scope.apiVersion, changesBetween(live as JsonObject, object as JsonObject, scope));
  return (apiVersion) => {
    if (!known.has(apiVersion)) {
      const before = inVersion?.(live as JsonObject, apiVersion);
      const after = before && inVersion?.(object as JsonObject, apiVersion);
      known.set(apiVersion, after && changesBetween(before.object, after.object, { ...scope, schema: after.schema }));
    }
    return known.get(apiVersion);
  };
}

/**
 * Takes what changed from every manager (except `spared`): a changed field belongs to the one who changed it, a removed one to nobody.
 * Managers of versions that are not served, and those left with nothing, go.
 */
export function takeFromAll(managers: Managers, changes: ChangesByVersion, spared = ""): void {
  for (const [key, manager] of managers) {
    if (key === spared) continue;
    const theirs = changes(manager.apiVersion);
    if (theirs) managers.set(key, { ...manager, fields: difference(difference(manager.fields, theirs.changed), theirs.removed) });
    else managers.delete(key);
  }
  withoutEmpty(managers);
}

function withoutEmpty(managers: Managers): Managers {
  for (const [key, { fields }] of managers) if (!fields) managers.delete(key);
  return managers;
}

function updater({ scope, manager, now }: Writer, fields: Fields): Manager {
  const { apiVersion, subresource } = scope;
  return { name: manager || "unknown", operation: "Update", apiVersion, subresource, time: timeOf(now), fields };
}

function addToOwn(managers: Managers, writer: Writer, fields: Fields): void {
  const own = updater(writer, fields);
  const key = managerKey(own);
  managers.set(key, { ...own, fields: union(fields, managers.get(key)?.fields) });
}

/**
 * The entries to store for `object` where nothing but times differs from the live object: the live ones, so that the write is none.
 */
export function withoutIdleTimes(live: KubeObject, object: KubeObject): ManagedFieldsEntry[] | undefined {
  const before = live.metadata.managedFields as ManagedFieldsEntry[] | undefined;
  const after = object.metadata.managedFields as ManagedFieldsEntry[] | undefined;
  if (before === after || !before || !after || before.length !== after.length || after.length === 0) return after;
  if (before.every(({ time }, i) => time === after[i]!.time)) return after;
  if (!deepEqual(before.map(timeless), after.map(timeless))) return after;
  return deepEqual(withoutEntries(live), withoutEntries(object)) ? before : after;
}

const timeless = ({ time: _time, ...rest }: ManagedFieldsEntry) => rest;
const withoutEntries = (object: KubeObject) => ({ ...object, metadata: { ...object.metadata, managedFields: undefined } });
