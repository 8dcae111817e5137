/**
 * Strategic merge patch: a merge patch that knows from the schema which lists merge by key, and that carries directives
 * (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`).
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go, …/meta.go v1.36
 */
import { badRequest } from "../errors.ts";
import type { Field, Schema, StructSchema } from "../schema.ts";
import { deepCopy, goType, hasMember, isObject, jsonKind, setMember, type JsonObject } from "./json.ts";
import { badArgumentType, badPatchType, plainError } from "./strategic-errors.ts";
import { mergeList, orderBySetElementOrder } from "./strategic-list.ts";

const PATCH = "$patch";
const RETAIN_KEYS = "$retainKeys";
const SET_ELEMENT_ORDER = "$setElementOrder";
const DELETE_FROM_PRIMITIVE_LIST = "$deleteFromPrimitiveList";

/**
 * Applies `patch` to `document`.
 *
 * @param document the object as JSON; not changed
 * @param patch the decoded patch body; not changed
 * @param schema the struct of the document. A kind without one (a custom resource) has no strategic merge: the caller refuses it
 * @throws 400 and 422 for a few malformed directives, a plain 500 for the rest
 */
export function applyStrategicPatch(document: unknown, patch: unknown, schema: StructSchema): JsonObject {
  if (patch === null) return deepCopy(document as JsonObject);
  if (!isObject(patch)) {
    throw badRequest(`json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`);
  }
  return mergeMap(deepCopy(document as JsonObject), deepCopy(patch), schema);
}

/** Merges into `original` and uses up `patch`: both are copies. */
function mergeMap(original: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  if (hasMember(patch, PATCH)) return applyMapDirective(patch);
  retainKeys(original, patch);
  mergeOrderedLists(original, patch, schema);
  for (const name of Object.keys(patch)) mergeMember(original, name, patch[name], schema);
  return original;
}

function applyMapDirective(patch: JsonObject): JsonObject {
  const directive = patch[PATCH];
  if (directive === "delete") return {};
  if (directive !== "replace") throw badPatchType(directive, patch);
  delete patch[PATCH];
  return patch;
}

/** `$retainKeys: [a, b]`: members of the original that are not listed go; the patch may touch no others. */
function retainKeys(original: JsonObject, patch: JsonObject): void {
  if (!hasMember(patch, RETAIN_KEYS)) return;
  const list = patch[RETAIN_KEYS];
  delete patch[RETAIN_KEYS];
  const malformed = badRequest("invalid patch format of retainKeys");
  if (!Array.isArray(list)) throw malformed;
  const directive = (key: string) => key.startsWith(DELETE_FROM_PRIMITIVE_LIST) || key.startsWith(SET_ELEMENT_ORDER);
  if (Object.keys(patch).some((key) => patch[key] !== null && !directive(key) && !list.includes(key))) throw malformed;
  for (const key of Object.keys(original)) if (!list.includes(key)) delete original[key];
}

function mergeOrderedLists(original: JsonObject, patch: JsonObject, schema: Schema): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(SET_ELEMENT_ORDER)) continue;
    const order = patch[key];
    delete patch[key];
    if (!Array.isArray(order)) throw badArgumentType([], order);
    const name = directiveTarget(key, SET_ELEMENT_ORDER, "invalid patch format of setElementOrder list");
    mergeOrderedList(original, patch, name, order, schema);
  }
}

function mergeOrderedList(original: JsonObject, patch: JsonObject, name: string, order: unknown[], schema: Schema): void {
  const current = listMember(original, name);
  const changes = listMember(patch, name);
  const field = listField(schema, name);
  const found = { current, changes, order, mergeKey: field.patchMergeKey ?? "" };
  const merged = orderBySetElementOrder(found, () => mergeListField(current!, changes!, field, false), removeDirectives);
  if (!merged) return;
  setMember(original, name, merged);
  delete patch[name];
}

function listMember(object: JsonObject, name: string): unknown[] | undefined {
  if (!hasMember(object, name)) return undefined;
  const value = object[name];
  if (!Array.isArray(value)) throw badArgumentType([], value);
  return value;
}

function directiveTarget(key: string, prefix: string, malformed: string): string {
  const slash = key.indexOf("/");
  if (slash < 0 || key.slice(0, slash) !== prefix) throw badRequest(malformed);
  return key.slice(slash + 1);
}

function mergeMember(original: JsonObject, member: string, value: unknown, schema: Schema): void {
  const deletes = member.startsWith(DELETE_FROM_PRIMITIVE_LIST);
  const name = deletes ? directiveTarget(member, DELETE_FROM_PRIMITIVE_LIST, "invalid patch format of primitive list") : member;
  if (value === null) {
    delete original[name];
    return;
  }
  const current = hasMember(original, name) ? original[name] : undefined;
  if (current === undefined || goType(current) !== goType(value)) {
    if (!deletes) take(original, name, value);
  } else if (isObject(value)) {
    const field = lookUp(schema, name);
    const replaces = strategyOf(field) === "replace";
    setMember(original, name, replaces ? value : mergeMap(current as JsonObject, value, field.schema));
  } else if (Array.isArray(value)) {
    setMember(original, name, mergeListField(current as unknown[], value, listField(schema, name), deletes));
  } else {
    setMember(original, name, value);
  }
}

/** Takes a part of the patch as it is, without nulls and without what only carries a directive. */
function take(original: JsonObject, name: string, value: unknown): void {
  discardNulls(value);
  const kept = removeDirectives(value);
  if (kept === undefined) delete original[name];
  else setMember(original, name, kept);
}

function discardNulls(value: unknown): void {
  if (Array.isArray(value)) value.forEach(discardNulls);
  else if (isObject(value))
    for (const key of Object.keys(value)) {
      if (value[key] === null) delete value[key];
      else discardNulls(value[key]);
    }
}

/** undefined for an object that holds a `$patch`. */
function removeDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(removeDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (hasMember(value, PATCH)) return undefined;
  for (const key of Object.keys(value)) {
    const kept = removeDirectives(value[key]);
    if (kept === undefined) delete value[key];
    else setMember(value, key, kept);
  }
  return value;
}

function mergeListField(current: unknown[], changes: unknown[], field: ListField, deletes: boolean): unknown[] {
  if (!deletes && strategyOf(field) !== "merge") return changes;
  return mergeList(current, changes, {
    mergeKey: field.patchMergeKey ?? "",
    deletes,
    mergeItems: (item, change) => mergeMap(item, change, field.items),
  });
}

/** Each field carries at most one strategy beside `retainKeys`. */
function strategyOf(field: Pick<Field, "patchStrategy">): string {
  return field.patchStrategy.find((strategy) => strategy !== "retainKeys") ?? "";
}

type ListField = Pick<Field, "patchStrategy" | "patchMergeKey"> & { items: Schema };

function listField(schema: Schema, name: string): ListField {
  const field = lookUp(schema, name);
  if (field.schema.type === "list") return { ...field, items: field.schema.items };
  // A bare value where the patch has a list: only reached where the original held one too, so the schema keeps any value.
  return { ...field, items: field.schema };
}

function lookUp(schema: Schema, name: string): Field {
  if (schema.type !== "struct") {
    const kind = schema.type === "list" ? "slice" : schema.type === "map" ? "map" : goKindOfScalar(schema.scalar);
    throw plainError(`merging an object in json but data type is not struct, instead is: ${kind}`);
  }
  const field = schema.fields.get(name);
  if (field) return field;
  const struct = schema.name.slice(schema.name.lastIndexOf(".") + 1);
  throw plainError(`unable to find api field in struct ${struct} for the json field ${JSON.stringify(name)}`);
}

function goKindOfScalar(scalar: string): string {
  if (scalar === "boolean") return "bool";
  return scalar === "string" || scalar.startsWith("int") ? scalar : "struct";
}
