/**
 * How a value is owned: as a whole (scalars, atomic lists and maps), member by member, or item by item.
 *
 * Where the schema leaves a value open, the value itself decides: objects member by member, lists as a whole.
 *
 * @source vendor/sigs.k8s.io/structured-merge-diff/v6/typed/helpers.go, vendor/k8s.io/kube-openapi/pkg/schemaconv/{smd,openapi}.go v1.36
 */
import type { Field, ListSchema, ScalarName, ScalarSchema, Schema, StructSchema } from "../schema.ts";
import { keyElement, memberElement, valueElement } from "./elements.ts";
import { hasMember, isObject, type JsonObject } from "./json.ts";

export const OPEN: ScalarSchema = { type: "scalar", scalar: "any" };

/** Scalars by name that may hold any JSON value, owned by its own shape. `RawExtension` is not among them: it is owned as a whole. */
const OPEN_SCALARS: ReadonlySet<ScalarName> = new Set<ScalarName>([
  "any",
  "JSON",
  "FieldsV1",
  "JSONSchemaPropsOrArray",
  "JSONSchemaPropsOrBool",
  "JSONSchemaPropsOrStringArray",
]);

export function isOpen(schema: Schema): boolean {
  return schema.type === "scalar" && OPEN_SCALARS.has(schema.scalar);
}

/** Owned member by member, if it is an object. */
export function ownsMembers(schema: Schema): boolean {
  if (schema.type === "struct") return schema.structType !== "atomic";
  return schema.type === "map" ? schema.mapType !== "atomic" : isOpen(schema);
}

/** Owned item by item, if it is a list. */
export function ownsItems(schema: Schema): schema is ListSchema {
  return schema.type === "list" && schema.listType !== "atomic";
}

/** The schema of a member; undefined where the struct has none of that name. */
export function memberSchema(schema: Schema, name: string): Schema | undefined {
  if (schema.type === "map") return schema.values;
  if (schema.type !== "struct") return OPEN;
  return (
    schema.fields.get(name)?.schema ?? schema.extra ?? (schema.preserveUnknown || schema.fields.size === 0 ? OPEN : undefined)
  );
}

/** Members that the schema names, unlike entries of a map. */
export function isNamed(schema: Schema, name: string): boolean {
  return schema.type === "struct" && schema.fields.has(name);
}

const KEYLESS = "associative list with keys has an element that omits all key fields";

/**
 * The element that names an item of a set or of a list with keys.
 *
 * @throws Error where the item cannot be named, with upstream's words
 */
export function itemElement(list: ListSchema, item: unknown): string {
  return list.listKeys.length > 0 ? keyedElement(list, item) : setElement(item);
}

function keyedElement(list: ListSchema, item: unknown): string {
  if (item === null || item === undefined) throw new Error("associative list with keys may not have a null element");
  if (!isObject(item)) throw new Error("associative list with keys may not have non-map elements");
  const keys: JsonObject = {};
  let found = false;
  for (const name of sortedKeys(list)) {
    const value = hasMember(item, name) ? item[name] : keyDefault(list, name);
    if (value === undefined) continue;
    keys[name] = value;
    found = true;
  }
  if (found) return keyElement(keys);
  const names = list.listKeys.map((name) => JSON.stringify(name)).join(" ");
  throw new Error(`${KEYLESS} [${names}] (and doesn't have default values for any key fields)`);
}

const sorted = new WeakMap<ListSchema, readonly string[]>();

function sortedKeys(list: ListSchema): readonly string[] {
  if (list.listKeys.length === 1) return list.listKeys;
  let keys = sorted.get(list);
  if (!keys) sorted.set(list, (keys = [...list.listKeys].sort()));
  return keys;
}

function keyDefault(list: ListSchema, name: string): unknown {
  const field = list.items.type === "struct" ? list.items.fields.get(name) : undefined;
  if (!field) return undefined;
  if (field.default !== undefined) return field.default;
  return field.emitZero && !field.ptr ? zeroScalar(field.schema) : undefined;
}

function zeroScalar(schema: Schema): unknown {
  if (schema.type !== "scalar") return undefined;
  if (schema.scalar === "string") return "";
  if (schema.scalar === "boolean") return false;
  return schema.scalar === "int32" || schema.scalar === "int64" || schema.scalar === "double" ? 0 : undefined;
}

function setElement(item: unknown): string {
  if (isObject(item)) throw new Error("associative list without keys has an element that's a map type");
  if (Array.isArray(item)) throw new Error("not supported: associative list with lists as elements");
  if (item === null || item === undefined)
    throw new Error("associative list without keys has an element that's an explicit null");
  return valueElement(item);
}

/** A field that a built-in type always writes: what it holds when nothing was set. Structs are `{}`. */
export interface AlwaysPresent {
  element: string;
  name: string;
  field: Field;
  zero: unknown;
}

const alwaysPresent = new WeakMap<StructSchema, AlwaysPresent[]>();

/** The fields of a struct that are there even when they are zero. */
export function alwaysPresentFields(schema: StructSchema): readonly AlwaysPresent[] {
  let fields = alwaysPresent.get(schema);
  if (!fields) {
    fields = [];
    for (const field of schema.fields.values()) {
      if (field.emitZero) fields.push({ element: memberElement(field.name), name: field.name, field, zero: zeroOf(field) });
    }
    alwaysPresent.set(schema, fields);
  }
  return fields;
}

const ZERO_TEXTS: Partial<Record<ScalarName, unknown>> = { Quantity: "0", IntOrString: 0, Duration: "0s" };

function zeroOf(field: Field): unknown {
  if (field.ptr) return null;
  if (field.schema.type === "struct") return {};
  if (field.schema.type !== "scalar") return null;
  return zeroScalar(field.schema) ?? ZERO_TEXTS[field.schema.scalar] ?? null;
}
