/**
 * Takes a set of fields out of an object.
 *
 * @source vendor/sigs.k8s.io/structured-merge-diff/v6/typed/remove.go v1.36
 */
import type { ListSchema, Schema } from "../schema.ts";
import { memberElement } from "./elements.ts";
import { isMember, type Fields } from "./fields.ts";
import { isObject, setMember, type JsonObject } from "./json.ts";
import { itemElement, memberSchema, OPEN, ownsItems, ownsMembers } from "./shape.ts";

/** Parts that nothing is taken from are shared with the argument. */
export function removeFields(object: JsonObject, fields: Fields | undefined, schema: Schema): JsonObject {
  return fields ? (without(object, fields, schema) as JsonObject) : object;
}

/** A container that members were taken from stays, if empty; one that is owned as a whole goes. */
function without(value: unknown, fields: Fields, schema: Schema): unknown {
  if (Array.isArray(value)) return ownsItems(schema) && value.length > 0 ? withoutItems(value, fields, schema) : [];
  if (isObject(value)) return ownsMembers(schema) ? withoutMembers(value, fields, schema) : {};
  return value;
}

/** The rest of a part, or undefined where it is a member of the set. */
function rest(value: unknown, node: Fields | undefined, schema: Schema): unknown {
  if (!node) return value;
  return isMember(node) ? undefined : without(value, node, schema);
}

function withoutItems(list: unknown[], fields: Fields, schema: ListSchema): unknown[] {
  return list.map((item) => rest(item, fields[itemElement(schema, item)], schema.items)).filter((item) => item !== undefined);
}

function withoutMembers(object: JsonObject, fields: Fields, schema: Schema): JsonObject {
  const result: JsonObject = {};
  for (const name of Object.keys(object)) {
    const value = rest(object[name], fields[memberElement(name)], memberSchema(schema, name) ?? OPEN);
    if (value !== undefined) setMember(result, name, value);
  }
  return result;
}
