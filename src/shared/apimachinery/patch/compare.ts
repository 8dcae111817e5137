/**
 * What changed between two values, in one walk over the parts that differ.
 *
 * @source vendor/sigs.k8s.io/structured-merge-diff/v6/typed/compare.go v1.36
 */
import type { ListSchema, Schema, StructSchema } from "../schema.ts";
import { compareElements, memberElement, SELF } from "./elements.ts";
import { fieldsOfNew, requireMember, type Unowned } from "./added.ts";
import { LEAF, type Fields } from "./fields.ts";
import { deepEqual, hasMember, isObject, type JsonObject } from "./json.ts";
import { alwaysPresentFields, itemElement, ownsItems, ownsMembers } from "./shape.ts";

export interface Changes {
  /** Added or modified. */
  changed?: Fields | undefined;
  removed?: Fields | undefined;
}

const NOTHING: Changes = Object.freeze({});

/**
 * @param before the live object
 * @param after the object that takes its place
 * @param typed both are of a built-in type, which always writes some fields
 */
export function compareObjects(
  before: JsonObject,
  after: JsonObject,
  schema: StructSchema,
  typed: boolean,
  unowned: Unowned,
): Changes {
  return compareMembers(before, after, schema, typed, unowned.top, unowned.metadata);
}

/** `skipped` are names at this level, `skippedInMetadata` those of the `metadata` below it. */
function compareMembers(
  before: JsonObject,
  after: JsonObject,
  schema: Schema,
  typed: boolean,
  skipped?: ReadonlySet<string>,
  skippedInMetadata?: ReadonlySet<string>,
): Changes {
  const result = new Collector();
  const visit = (name: string) => {
    const [a, b] = [before[name], after[name]];
    if (a === b || skipped?.has(name)) return;
    const member = requireMember(schema, name);
    const inMetadata = name === "metadata" && skippedInMetadata && isObject(a) && isObject(b);
    const changes = inMetadata
      ? compareMembers(a, b, member, typed, skippedInMetadata)
      : compareValues(present(before, name, schema, typed), present(after, name, schema, typed), member, typed);
    result.add(memberElement(name), changes);
  };
  for (const name in before) visit(name);
  for (const name in after) if (!hasMember(before, name)) visit(name);
  return result.changes();
}

/** A member, or what a built-in type holds in its place. */
function present(object: JsonObject, name: string, schema: Schema, typed: boolean): unknown {
  const value = object[name];
  if (value !== undefined || !typed || schema.type !== "struct") return value;
  return alwaysPresentFields(schema).find((p) => p.name === name)?.zero;
}

/** undefined stands for an absent value, on at most one side. */
function compareValues(before: unknown, after: unknown, schema: Schema, typed: boolean): Changes {
  if (before === undefined) return after === undefined ? NOTHING : { changed: fieldsOfNew(after, schema, typed) };
  if (after === undefined) return { removed: fieldsOfNew(before, schema, typed) };
  if (before === after) return NOTHING;
  if (ownsItems(schema) && isListOrNull(before) && isListOrNull(after))
    return compareItems(before ?? [], after ?? [], schema, typed, before, after);
  if (!ownsMembers(schema)) return leaf(before, after);
  if (isObjectOrNull(before) && isObjectOrNull(after) && (before ?? after) !== null)
    return compareMaps(before, after, schema, typed);
  return compareMixed(before, after, schema, typed);
}

const isListOrNull = (value: unknown): value is unknown[] | null => value === null || Array.isArray(value);
const isObjectOrNull = (value: unknown): value is JsonObject | null => value === null || isObject(value);
const leaf = (before: unknown, after: unknown): Changes => (deepEqual(before, after) ? NOTHING : { changed: LEAF });

function compareMaps(before: JsonObject | null, after: JsonObject | null, schema: Schema, typed: boolean): Changes {
  const [a, b] = [before ?? {}, after ?? {}];
  if (isEmpty(a) && isEmpty(b)) return leaf(before, after);
  return compareMembers(a, b, schema, typed);
}

function isEmpty(object: JsonObject): boolean {
  for (const _ in object) return false;
  return true;
}

/** An open value that turned from one JSON type into another: what was below it goes, what is below it comes. */
function compareMixed(before: unknown, after: unknown, schema: Schema, typed: boolean): Changes {
  const changed = isObject(after) ? fieldsOfNew(after, schema, typed) : LEAF;
  if (!isObject(before)) return { changed };
  const { [SELF]: _, ...removed } = fieldsOfNew(before, schema, typed);
  return { changed, removed: isEmpty(removed) ? undefined : removed };
}

function compareItems(a: unknown[], b: unknown[], schema: ListSchema, typed: boolean, before: unknown, after: unknown): Changes {
  if (a.length === 0 && b.length === 0) return leaf(before, after);
  const [old, now] = [byElement(a, schema), byElement(b, schema)];
  const result = new Collector();
  const compareWith = (x: unknown, y: unknown) => compareValues(x, y, schema.items, typed);
  for (const [element, mine] of old) {
    const theirs = now.get(element) ?? [];
    if (mine.length === 1 && theirs.length <= 1) result.add(element, compareWith(mine[0], theirs[0]));
    else if (mine.length > 1 && theirs.length > 1) result.add(element, leaf(mine, theirs));
    else if (mine.length > 1)
      result.add(element, { changed: theirs.length ? compareWith(undefined, theirs[0]).changed : undefined, removed: LEAF });
    else result.add(element, { changed: LEAF, removed: compareWith(mine[0], undefined).removed });
  }
  for (const [element, theirs] of now) {
    if (!old.has(element)) result.add(element, theirs.length > 1 ? { changed: LEAF } : compareWith(undefined, theirs[0]));
  }
  return result.changes();
}

function byElement(list: unknown[], schema: ListSchema): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const item of list) {
    const element = itemElement(schema, item);
    const same = found.get(element);
    if (same) same.push(item);
    else found.set(element, [item]);
  }
  return found;
}

/** Gathers the changes of members or items; makes nothing where nothing changed. */
class Collector {
  #changed: [string, Fields][] = [];
  #removed: [string, Fields][] = [];

  add(element: string, { changed, removed }: Changes): void {
    if (changed) this.#changed.push([element, changed]);
    if (removed) this.#removed.push([element, removed]);
  }

  changes(): Changes {
    if (this.#changed.length === 0 && this.#removed.length === 0) return NOTHING;
    return { changed: inOrder(this.#changed), removed: inOrder(this.#removed) };
  }
}

function inOrder(parts: [string, Fields][]): Fields | undefined {
  if (parts.length === 0) return undefined;
  if (parts.length > 1) parts.sort(([a], [b]) => compareElements(a, b));
  return Object.fromEntries(parts);
}
