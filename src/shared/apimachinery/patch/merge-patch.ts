/**
 * JSON merge patch (RFC 7386).
 *
 * @source vendor/gopkg.in/evanphx/json-patch.v4/merge.go, staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go v1.36
 */
import { badRequest } from "../errors.ts";
import { deepCopy, hasMember, inNameOrder, isObject, setMember, type JsonObject } from "./json.ts";

/**
 * Merges `patch` into `document`: null removes a member, an object merges, anything else (lists too) replaces.
 *
 * @param document a JSON object; not changed
 * @param patch the decoded patch body; not changed. A list takes the place of the whole document, as upstream has it
 * @returns with members by name wherever the patch reached, as refusals show it
 * @throws 400 where the patch is neither an object nor a list
 */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return withoutNulls(patch);
  if (!isObject(patch)) throw badRequest("Invalid JSON Patch");
  return isObject(document) ? mergeObjects(document, patch) : withoutNulls(patch);
}

function mergeObjects(document: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const key of Object.keys(document)) {
    if (!hasMember(patch, key)) setMember(result, key, deepCopy(document[key]));
    else if (patch[key] !== null) setMember(result, key, mergeValue(document[key], patch[key]));
  }
  for (const key of Object.keys(patch)) {
    if (patch[key] !== null && !hasMember(document, key)) setMember(result, key, withoutNulls(patch[key]));
  }
  return inNameOrder(result);
}

function mergeValue(current: unknown, patch: unknown): unknown {
  if (!isObject(current)) return withoutNulls(patch);
  return isObject(patch) ? mergeObjects(current, patch) : deepCopy(patch);
}

/** Members that are null go, at any depth; null items of lists stay. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const key of Object.keys(value).sort()) if (value[key] !== null) setMember(result, key, withoutNulls(value[key]));
  return result;
}
