/**
 * The fields that a configuration mentions: what an applier claims, and what an object holds.
 *
 * Unlike a new object (`added.ts`), a configuration does not own the objects on the way: only leaves, list items, and entries of maps.
 *
 * @source vendor/sigs.k8s.io/structured-merge-diff/v6/typed/tofieldset.go, …/fieldpath/set.go (EnsureNamedFieldsAreMembers) v1.36
 */
import type { ListSchema, Schema } from "../schema.ts";
import { compareElements, memberElement, SELF } from "./elements.ts";
import { isMember, LEAF, type Fields } from "./fields.ts";
import { isObject, type JsonObject } from "./json.ts";
import { isNamed, isOpen, itemElement, memberSchema, OPEN, ownsItems, ownsMembers } from "./shape.ts";

export function fieldsOfConfiguration(object: JsonObject, schema: Schema): Fields | undefined {
  return nonEmpty(members(object, schema));
}

const nonEmpty = (fields: Fields): Fields | undefined => (Object.keys(fields).length > 0 ? fields : undefined);

/** The children of a value's node, and whether the value is claimed itself. */
interface Claim {
  self: boolean;
  below: Fields;
}

function claim(value: unknown, schema: Schema): Claim {
  if (Array.isArray(value) && ownsItems(schema)) return { self: false, below: items(value, schema) };
  if (isObject(value) && ownsMembers(schema)) return { self: false, below: members(value, schema) };
  const nothing = value === null && (ownsItems(schema) || (ownsMembers(schema) && !isOpen(schema)));
  return { self: !nothing, below: {} };
}

function members(object: JsonObject, schema: Schema): Fields {
  const result: Fields = {};
  for (const name of Object.keys(object).sort()) {
    const value = object[name];
    const { self, below } = claim(value, memberSchema(schema, name) ?? OPEN);
    const empty = value === null || (isObject(value) && Object.keys(value).length === 0);
    put(result, memberElement(name), self || empty || !isNamed(schema, name), below);
  }
  return result;
}

function put(fields: Fields, element: string, self: boolean, below: Fields): void {
  const children = nonEmpty(below);
  if (children) fields[element] = self ? { [SELF]: LEAF, ...children } : children;
  else if (self) fields[element] = LEAF;
}

function items(list: unknown[], schema: ListSchema): Fields {
  const claims = new Map<string, Fields>();
  for (const item of list) {
    const element = itemElement(schema, item);
    claims.set(element, claims.has(element) ? {} : claim(item, schema.items).below);
  }
  const result: Fields = {};
  for (const element of [...claims.keys()].sort(compareElements)) put(result, element, true, claims.get(element)!);
  return result;
}

/** The set with every named field on the way to a member made a member too; entries of maps and items of lists are not. */
export function withNamedParents(fields: Fields | undefined, schema: Schema): Fields | undefined {
  return fields && parentsAdded(fields, schema);
}

function parentsAdded(fields: Fields, schema: Schema | undefined): Fields {
  const result: Fields = {};
  for (const element of Object.keys(fields)) {
    if (element === SELF) continue;
    const node = fields[element]!;
    const name = element.startsWith("f:") ? element.slice(2) : undefined;
    const below = parentsAdded(node, schema && stepInto(schema, element));
    const self = isMember(node) || (name !== undefined && schema !== undefined && isNamed(schema, name));
    put(result, element, self, below);
  }
  return result;
}

/** The schema of what an element names, where there is one. */
function stepInto(schema: Schema, element: string): Schema | undefined {
  if (element.startsWith("f:"))
    return ownsMembers(schema) || schema.type === "struct" ? memberSchema(schema, element.slice(2)) : undefined;
  return schema.type === "list" ? schema.items : undefined;
}
