/**
 * The entries of `metadata.managedFields`: who owns which fields, by which operation, through which subresource.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/{managedfields,capmanagers}.go v1.36
 */
import { formatTime, parseTime } from "../../lib/platform.ts";
import type { Fields } from "./fields.ts";
import { readFields, union } from "./fields.ts";
import { isObject } from "./json.ts";

export type ManagerOperation = "Apply" | "Update";

/** An entry as it stands in an object. Members in the order in which upstream writes them. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: ManagerOperation;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Fields;
  subresource?: string;
}

/** An entry as it is worked with. */
export interface Manager {
  name: string;
  operation: ManagerOperation;
  apiVersion: string;
  subresource: string;
  time: string | undefined;
  fields: Fields | undefined;
}

/** Entries of one key are one manager: appliers keep theirs across versions. */
export function managerKey({ name, operation, apiVersion, subresource }: Omit<Manager, "time" | "fields">): string {
  const version = operation === "Apply" || !apiVersion ? "" : `,"apiVersion":${JSON.stringify(apiVersion)}`;
  const through = subresource ? `,"subresource":${JSON.stringify(subresource)}` : "";
  return `{${name ? `"manager":${JSON.stringify(name)},` : ""}"operation":"${operation}"${version}${through}}`;
}

export type Managers = Map<string, Manager>;

/** Entries that the server itself wrote: taken as they are. */
export function managersOf(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  return collect(entries ?? [], (fields) => fields as Fields | undefined);
}

/**
 * Entries that a client wrote.
 *
 * @throws Error where one is malformed, with upstream's words
 */
export function readManagers(entries: readonly ManagedFieldsEntry[]): Managers {
  entries.forEach((entry, i) => checkEntry(entry, i));
  return collect(entries, readFields);
}

function checkEntry(entry: ManagedFieldsEntry, place: number): void {
  if (entry.operation !== "Apply" && entry.operation !== "Update") throw new Error("operation must be `Apply` or `Update`");
  if (!entry.apiVersion) throw new Error("apiVersion must not be empty");
  if (!entry.fieldsType) throw new Error(`missing fieldsType in managed fields entry ${place}`);
  if (entry.fieldsType !== "FieldsV1") {
    throw new Error(`invalid fieldsType ${JSON.stringify(entry.fieldsType)} in managed fields entry ${place}`);
  }
}

function collect(entries: readonly ManagedFieldsEntry[], read: (fields: unknown) => Fields | undefined): Managers {
  const managers: Managers = new Map();
  for (const entry of entries) {
    const manager: Manager = {
      name: entry.manager ?? "",
      operation: entry.operation!,
      apiVersion: entry.apiVersion!,
      subresource: entry.subresource ?? "",
      time: entry.time ?? undefined,
      fields: read(entry.fieldsV1),
    };
    managers.set(managerKey(manager), manager);
  }
  return managers;
}

/** The entries in upstream's order: appliers first, then by second, manager, version and subresource. Undefined where there are none. */
export function entriesOf(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  const list = [...managers.values()];
  return (list.length > 1 ? list.sort(inOrder) : list).map(entryOf);
}

export function entryOf({ name, operation, apiVersion, time, fields, subresource }: Manager): ManagedFieldsEntry {
  return {
    ...(name && { manager: name }),
    operation,
    apiVersion,
    ...(time && { time }),
    fieldsType: "FieldsV1",
    fieldsV1: fields ?? {},
    ...(subresource && { subresource }),
  };
}

function inOrder(a: Manager, b: Manager): number {
  return (
    compare(a.operation, b.operation) ||
    seconds(a) - seconds(b) ||
    compare(a.name, b.name) ||
    compare(a.apiVersion, b.apiVersion) ||
    compare(a.subresource, b.subresource)
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const seconds = ({ time }: Manager) => (time ? Math.floor(parseTime(time) / 1000) : 0);

/** Whether a client asks that all entries be forgotten: an empty list, or one empty entry. */
export function isReset(entries: unknown): boolean {
  if (!Array.isArray(entries)) return false;
  return entries.length === 0 || (entries.length === 1 && isObject(entries[0]) && Object.keys(entries[0]).length === 0);
}

const MAX_UPDATE_MANAGERS = 10;

/** Lets the oldest updaters of each version flow together in `ancient-changes` until no more than ten are left. */
export function capUpdateManagers(managers: Managers): void {
  const updaters = [...managers].filter(([, manager]) => manager.operation === "Update");
  let count = updaters.length;
  if (count <= MAX_UPDATE_MANAGERS) return;
  updaters.sort(([a, m], [b, n]) => seconds(m) - seconds(n) || compare(a, b));
  const firstOfVersion = new Map<string, string>();
  for (const [key, manager] of updaters) {
    if (count <= MAX_UPDATE_MANAGERS) return;
    const first = firstOfVersion.get(manager.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(manager.apiVersion, key);
      continue;
    }
    const bucket = { name: "ancient-changes", operation: "Update" as const, apiVersion: manager.apiVersion, subresource: "" };
    const bucketKey = managerKey(bucket);
    const earlier = managers.get(bucketKey) ?? managers.get(first)!;
    if (!managers.has(bucketKey)) managers.delete(first);
    managers.set(bucketKey, { ...bucket, time: manager.time, fields: union(manager.fields, earlier.fields) });
    managers.delete(key);
    count--;
  }
}

export function timeOf(now: number): string {
  return formatTime(now);
}
