/**
 * Removes what an applier owned and does not state any more.
 *
 * A field goes when the applier's last configuration had it and neither its new one nor any other manager claims it.
 *
 * @source vendor/sigs.k8s.io/structured-merge-diff/v6/merge/update.go (prune, addBackOwnedItems, addBackDanglingItems) v1.36
 */
import type { StructSchema } from "../schema.ts";
import { fieldsOfConfiguration, withNamedParents } from "./field-set.ts";
import { difference, intersection, union, type Fields } from "./fields.ts";
import type { JsonObject } from "./json.ts";
import type { Manager, Managers } from "./managers.ts";
import type { Writer } from "./ownership.ts";
import { removeFields } from "./remove.ts";

export interface Pruning {
  /** The live object with the new configuration laid over it. */
  merged: JsonObject;
  /** The applier's entry before. */
  last: Manager;
  /** With the applier's new claim. */
  managers: Managers;
  writer: Writer;
}

export function prune({ merged, last, managers, writer }: Pruning): JsonObject {
  const { scope } = writer;
  if (!last.fields) return merged;
  // An entry of another version: the fields of both versions are compared by name where the versions agree on them.
  const schema = schemaOf(merged, last.apiVersion, writer);
  if (!schema) return merged;
  const lastFields = withNamedParents(last.fields, schema);
  let pruned = removeFields(merged, lastFields, schema);
  const claims = claimsByVersion(managers);
  for (const [version, claimed] of claims) {
    const theirs = version === scope.apiVersion ? scope.schema : schemaOf(merged, version, writer);
    if (theirs) pruned = addBackOwned(merged, pruned, claimed, theirs);
  }
  return addBackDangling(merged, pruned, lastFields, schema);
}

function schemaOf(object: JsonObject, apiVersion: string, { scope, inVersion }: Writer): StructSchema | undefined {
  return apiVersion === scope.apiVersion ? scope.schema : inVersion?.(object, apiVersion)?.schema;
}

function claimsByVersion(managers: Managers): Map<string, Fields | undefined> {
  const claims = new Map<string, Fields | undefined>();
  for (const { apiVersion, fields } of managers.values()) claims.set(apiVersion, union(claims.get(apiVersion), fields));
  return claims;
}

const named = (object: JsonObject, schema: StructSchema) => withNamedParents(fieldsOfConfiguration(object, schema), schema);

function addBackOwned(merged: JsonObject, pruned: JsonObject, claimed: Fields | undefined, schema: StructSchema): JsonObject {
  const kept = union(named(pruned, schema), withNamedParents(claimed, schema));
  return removeFields(merged, difference(named(merged, schema), kept), schema);
}

/** What went along although the applier never owned it comes back. */
function addBackDangling(merged: JsonObject, pruned: JsonObject, last: Fields | undefined, schema: StructSchema): JsonObject {
  return removeFields(merged, intersection(difference(named(merged, schema), named(pruned, schema)), last), schema);
}
