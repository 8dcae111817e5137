/**
 * The fields that a new value brings: the hot path of every create, one walk from the object to FieldsV1.
 *
 * A part that was not there before owns itself and all below it (`"."`). An object of a built-in type is never quite absent: the fields
 * that Go always writes were there, empty, before it was filled, so they are owned only as far as they differ from that.
 */
import { wasAbsent } from "../decode.ts";
import type { ListSchema, Schema, StructSchema } from "../schema.ts";
import { compareElements, memberElement, SELF } from "./elements.ts";
import { LEAF, type Fields } from "./fields.ts";
import { isObject, type JsonObject } from "./json.ts";
import { alwaysPresentFields, itemElement, memberSchema, ownsItems, ownsMembers, type AlwaysPresent } from "./shape.ts";

/** Names of members at the top, and of `metadata`, that are nobody's. */
export interface Unowned {
  top: ReadonlySet<string>;
  metadata: ReadonlySet<string>;
}

/**
 * The fields of a new object.
 *
 * @param typed a built-in type, which always writes some fields; false for custom resources
 * @returns undefined where nothing is owned
 * @throws Error for a member that the schema does not have, and for list items without a name
 */
export function fieldsOfNewObject(
  object: JsonObject,
  schema: StructSchema,
  typed: boolean,
  unowned: Unowned,
): Fields | undefined {
  const result: Fields = {};
  const present = typed ? alwaysPresentFields(schema) : [];
  for (const name of Object.keys(object).sort()) {
    if (unowned.top.has(name)) continue;
    const member = requireMember(schema, name);
    if (name === "metadata") addMetadata(result, object.metadata as JsonObject, member as StructSchema, typed, unowned);
    else put(result, name, filled(present, name, object[name], member, typed));
  }
  for (const _ in result) return result;
  return undefined;
}

function addMetadata(result: Fields, metadata: JsonObject, schema: StructSchema, typed: boolean, unowned: Unowned): void {
  const owned: Fields = {};
  let any = false;
  for (const name of Object.keys(metadata).sort()) {
    if (unowned.metadata.has(name)) continue;
    put(owned, name, fieldsOfNew(metadata[name], requireMember(schema, name), typed));
    any = true;
  }
  if (any) result[memberElement("metadata")] = owned;
}

function put(fields: Fields, name: string, owned: Fields | undefined): void {
  if (owned) fields[memberElement(name)] = owned;
}

export function requireMember(schema: Schema, name: string): Schema {
  const member = memberSchema(schema, name);
  if (!member) throw new Error(`.${name}: field not declared in schema`);
  return member;
}

/** What fills a member whose parent was there already. */
function filled(
  present: readonly AlwaysPresent[],
  name: string,
  value: unknown,
  schema: Schema,
  typed: boolean,
): Fields | undefined {
  const before = present.find((p) => p.name === name);
  if (!before) return fieldsOfNew(value, schema, typed);
  if (value === before.zero || value === undefined) return undefined;
  if (wasAbsent(value) && isEmpty(value)) return undefined;
  if (schema.type === "struct" && schema.structType !== "atomic") {
    if (!isObject(value)) return undefined;
    return before.field.ptr ? withoutSelf(members(value, schema, typed)) : fillStruct(value, schema);
  }
  if (schema.type === "struct" && isEmpty(value)) return undefined;
  const owned = fieldsOfNew(value, schema, typed);
  return schema.type === "scalar" ? owned : withoutSelf(owned);
}

function isEmpty(value: unknown): boolean {
  for (const _ in value as object) return false;
  return true;
}

function fillStruct(value: JsonObject, schema: StructSchema): Fields | undefined {
  const present = alwaysPresentFields(schema);
  const result: Fields = {};
  for (const name of Object.keys(value).sort())
    put(result, name, filled(present, name, value[name], requireMember(schema, name), true));
  for (const _ in result) return result;
  return undefined;
}

function withoutSelf(fields: Fields): Fields {
  if (!(SELF in fields)) return fields;
  const { [SELF]: _, ...rest } = fields;
  return rest;
}

/** All of a value that was not there before: the value itself and everything below it. */
export function fieldsOfNew(value: unknown, schema: Schema, typed: boolean): Fields {
  if (typeof value !== "object" || value === null) return LEAF;
  if (Array.isArray(value)) return ownsItems(schema) && value.length > 0 ? items(value, schema, typed) : LEAF;
  return ownsMembers(schema) ? members(value as JsonObject, schema, typed) : LEAF;
}

function members(value: JsonObject, schema: Schema, typed: boolean): Fields {
  const result: Fields = { [SELF]: LEAF };
  const names = Object.keys(value);
  const missing = typed && schema.type === "struct" ? alwaysPresentFields(schema).filter((p) => !(p.name in value)) : [];
  for (const { name } of missing) names.push(name);
  if (names.length === 0) return LEAF;
  if (names.length > 1) names.sort();
  for (const name of names) {
    const part = name in value ? value[name] : missing.find((p) => p.name === name)!.zero;
    result[memberElement(name)] = fieldsOfNew(part, requireMember(schema, name), typed);
  }
  return result;
}

function items(list: unknown[], schema: ListSchema, typed: boolean): Fields {
  const named = new Map<string, Fields>();
  for (const item of list) {
    const element = itemElement(schema, item);
    // An item that is there twice is owned as a whole.
    named.set(element, named.has(element) ? LEAF : fieldsOfNew(item, schema.items, typed));
  }
  const elements = [...named.keys()];
  if (elements.length > 1) elements.sort(compareElements);
  const result: Fields = { [SELF]: LEAF };
  for (const element of elements) result[element] = named.get(element)!;
  return result;
}
