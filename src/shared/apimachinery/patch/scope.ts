/**
 * What field management has to know of a door: the kind behind it, and the fields that nobody can own through it.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/stripmeta.go v1.36
 */
import type { StructSchema } from "../schema.ts";
import type { Unowned } from "./added.ts";
import { LEAF, recursiveDifference, difference, type Fields } from "./fields.ts";
import { SELF } from "./elements.ts";
import { resetFields, resetPaths } from "./reset-fields.ts";

/** The part of a kind that matters here. */
export interface ManagedKind {
  group: string;
  version: string;
  kind: string;
  schema: StructSchema;
  subresources: readonly { name: string }[];
}

export interface FieldScope {
  group: string;
  kind: string;
  /** `apps/v1`, `v1`. */
  apiVersion: string;
  subresource: string;
  schema: StructSchema;
  /** A built-in type, which always writes some fields. */
  typed: boolean;
  unowned: Unowned;
  /** Leaves of a set what can be owned through this door. */
  filter(fields: Fields | undefined): Fields | undefined;
}

const SYSTEM_METADATA = [
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
];

/** Never owned, whoever sets them. */
const SYSTEM_FIELDS: Fields = {
  "f:apiVersion": LEAF,
  "f:kind": LEAF,
  "f:metadata": { [SELF]: LEAF, ...Object.fromEntries(SYSTEM_METADATA.map((name) => [`f:${name}`, LEAF])) },
};

export function withoutSystemFields(fields: Fields | undefined): Fields | undefined {
  return difference(fields, SYSTEM_FIELDS);
}

const scopes = new WeakMap<ManagedKind, Map<string, FieldScope>>();

/** The scope of a kind at `subresource` ("" for the object itself); made once. */
export function fieldScope(kind: ManagedKind, subresource: string): FieldScope {
  let ofKind = scopes.get(kind);
  if (!ofKind) scopes.set(kind, (ofKind = new Map()));
  let scope = ofKind.get(subresource);
  if (!scope) ofKind.set(subresource, (scope = makeScope(kind, subresource)));
  return scope;
}

function makeScope({ group, version, kind, schema, subresources }: ManagedKind, subresource: string): FieldScope {
  const typed = !schema.dynamic;
  const hasStatus = subresources.some(({ name }) => name === "status");
  const paths = resetPaths({ group, kind, subresource, hasStatus, custom: !typed });
  const reset = resetFields(paths);
  return {
    group,
    kind,
    apiVersion: group ? `${group}/${version}` : version,
    subresource,
    schema,
    typed,
    unowned: {
      top: new Set(["apiVersion", "kind", ...paths.filter((path) => !path.includes("."))]),
      metadata: new Set(SYSTEM_METADATA),
    },
    filter: (fields) => recursiveDifference(fields, reset),
  };
}
