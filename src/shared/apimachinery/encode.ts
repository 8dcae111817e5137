/**
 * From an object in normal form (see decode.ts) to the JSON that Go writes: null for absent pointers, times and raw values that are
 * always emitted, and for always emitted lists and maps that are empty.
 *
 * Most objects hold none of these and are stringified as they are; only the parts of a schema that can hold one are looked at, and
 * only what changes is copied.
 */
import type { Field, Schema, StructSchema } from "./schema.ts";

/** JSON text of an object in normal form. */
export function encodeJson(schema: StructSchema, object: unknown): string {
  return JSON.stringify(withNulls(schema, object));
}

/** The object as JSON holds it, sharing all that needs no change. */
export function withNulls(schema: StructSchema, object: unknown): unknown {
  const fill = filler(schema);
  return fill ? fill(object) : object;
}

type Fill = (value: unknown) => unknown;

interface NullField {
  name: string;
  /** The field itself may have to be null. */
  empty: "absent" | "absent-or-empty" | undefined;
  inner: Fill | undefined;
}

/** undefined: nothing below this schema is ever null. A struct in progress (recursion) counts as one that is. */
const fillers = new WeakMap<StructSchema, { fill: Fill | undefined }>();

function filler(schema: Schema): Fill | undefined {
  if (schema.type === "scalar") return undefined;
  if (schema.type === "list") {
    const item = filler(schema.items);
    return item && ((value) => (Array.isArray(value) ? mapChanged(value, item) : value));
  }
  if (schema.type === "map") {
    const item = filler(schema.values);
    return item && ((value) => (isObject(value) ? mapValuesChanged(value, item) : value));
  }
  return structFiller(schema);
}

function structFiller(schema: StructSchema): Fill | undefined {
  const known = fillers.get(schema);
  if (known) return known.fill;
  const slot: { fill: Fill | undefined } = { fill: undefined };
  fillers.set(schema, slot);
  let delegate: Fill | undefined;
  slot.fill = (value) => (delegate ? delegate(value) : value);
  const fields = nullFields(schema);
  if (fields.length === 0) slot.fill = undefined;
  else slot.fill = delegate = structFill([...schema.fields.keys()], fields);
  return slot.fill;
}

function nullFields(schema: StructSchema): NullField[] {
  const out: NullField[] = [];
  for (const field of schema.fields.values()) {
    const entry = { name: field.name, empty: emptiness(field), inner: filler(field.schema) };
    if (entry.empty || entry.inner) out.push(entry);
  }
  return out;
}

const NULL_SCALARS = new Set(["bytes", "Time", "MicroTime", "RawExtension", "FieldsV1", "JSON", "any"]);

function emptiness(field: Field): NullField["empty"] {
  if (!field.emitZero) return undefined;
  const type = field.schema.type;
  if (field.ptr) return "absent";
  if (type === "scalar") return NULL_SCALARS.has(field.schema.scalar) ? "absent" : undefined;
  if (type === "struct") return undefined;
  if (type === "list" && field.schema.wrapper) return "absent";
  // The items of a list object are made by whoever lists, and never null.
  return field.name === "items" ? undefined : "absent-or-empty";
}

function structFill(order: readonly string[], fields: readonly NullField[]): Fill {
  return (value) => {
    if (!isObject(value)) return value;
    let changes: Record<string, unknown> | undefined;
    for (const f of fields) {
      const old = value[f.name];
      const next =
        old === undefined || (f.empty === "absent-or-empty" && isEmpty(old))
          ? f.empty
            ? null
            : old
          : f.inner
            ? f.inner(old)
            : old;
      if (next !== old) (changes ??= {})[f.name] = next;
    }
    return changes ? inOrder(order, value, changes) : value;
  };
}

function inOrder(
  order: readonly string[],
  value: Record<string, unknown>,
  changes: Record<string, unknown>,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const name of order) {
    if (Object.hasOwn(changes, name)) out[name] = changes[name];
    else if (value[name] !== undefined) out[name] = value[name];
  }
  return out;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function mapChanged(list: unknown[], fill: Fill): unknown[] {
  let out = list;
  for (let i = 0; i < list.length; i++) {
    const next = fill(list[i]);
    if (next === list[i]) continue;
    if (out === list) out = [...list];
    out[i] = next;
  }
  return out;
}

function mapValuesChanged(map: Record<string, unknown>, fill: Fill): Record<string, unknown> {
  let out = map;
  for (const key of Object.keys(map)) {
    const next = fill(map[key]);
    if (next === map[key]) continue;
    if (out === map) out = { ...map };
    out[key] = next;
  }
  return out;
}
