/**
 * Declared defaults: fills absent fields of an object in normal form with the values its schema declares. What depends on other
 * fields is in the kinds' own `setDefaults`.
 */
import type { Schema, StructSchema } from "./schema.ts";

/** Fills in place. */
export function applyDefaults(schema: StructSchema, object: unknown): void {
  defaulter(schema)?.(object);
}

type Defaulter = (value: unknown) => void;

const defaulters = new WeakMap<StructSchema, { run: Defaulter | undefined }>();

/** undefined: no default below this schema. */
function defaulter(schema: Schema): Defaulter | undefined {
  // A custom resource's defaults follow rules of their own, which its kind brings.
  if (schema.type === "scalar" || (schema.type === "struct" && schema.dynamic)) return undefined;
  if (schema.type === "list") {
    const item = defaulter(schema.items);
    return item && ((value) => Array.isArray(value) && value.forEach(item));
  }
  if (schema.type === "map") {
    const item = defaulter(schema.values);
    return item && ((value) => isObject(value) && Object.values(value).forEach(item));
  }
  const known = defaulters.get(schema);
  if (known) return known.run;
  const slot: { run: Defaulter | undefined } = { run: undefined };
  defaulters.set(schema, slot);
  let delegate: Defaulter | undefined;
  slot.run = (value) => delegate?.(value);
  delegate = structDefaulter(schema);
  return (slot.run = delegate);
}

function structDefaulter(schema: StructSchema): Defaulter | undefined {
  const values: { name: string; value: unknown }[] = [];
  const inner: { name: string; run: Defaulter }[] = [];
  for (const field of schema.fields.values()) {
    // A zero default on what is no pointer says nothing; an object default is `{}` in the API machinery's schemas.
    const isDefault =
      field.default !== undefined && (field.ptr || (field.default !== "" && field.default !== 0 && field.default !== false));
    if (isDefault) values.push({ name: field.name, value: field.default });
    const run = defaulter(field.schema);
    if (run) inner.push({ name: field.name, run });
  }
  if (values.length === 0 && inner.length === 0) return undefined;
  return (value) => {
    if (!isObject(value)) return;
    for (const d of values) {
      const old = value[d.name];
      if (old === undefined || (old === "" && typeof d.value === "string")) value[d.name] = structuredClone(d.value);
    }
    for (const f of inner) if (value[f.name] !== undefined) f.run(value[f.name]);
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
