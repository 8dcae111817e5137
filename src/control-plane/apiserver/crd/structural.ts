/**
 * A definition's OpenAPI v3 schema as a run-time schema: what decoding prunes by and what apply merges by.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema v1.36
 */
import type { JSONSchemaProps } from "../../../shared/api/generated/apiextensions-v1.ts";
import { structSchema } from "../../../shared/api/schemas.ts";
import type { Field, ScalarName, Schema, StructSchema } from "../../../shared/apimachinery/schema.ts";

export type Props = JSONSchemaProps;

export const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

const ANY: Schema = { type: "scalar", scalar: "any" };
const TEXT: Schema = { type: "scalar", scalar: "string" };
const SCALARS: Readonly<Record<string, ScalarName>> = {
  string: "string",
  boolean: "boolean",
  integer: "int64",
  number: "double",
};

/** The schema of one version of a custom resource; `name` is its published definition. */
export function compileSchema(props: Props | undefined, name: string): StructSchema {
  const root = structOf({ ...props, type: "object", "x-kubernetes-embedded-resource": true }, name);
  return props ? root : { ...root, preserveUnknown: true };
}

/** `items` of a structural schema is one schema. */
export const itemsOf = (props: Props): Props | undefined => {
  const { items } = props;
  return items && !Array.isArray(items) ? items : undefined;
};

/** The schema of further properties; `true` says anything, as far as it goes. */
export function additionalOf(props: Props): Props | undefined {
  const { additionalProperties } = props;
  if (typeof additionalProperties === "object") return additionalProperties;
  return additionalProperties === true ? {} : undefined;
}

/** `{"Schema": …}` and `{"Allows": …}` are not the wire's; a bare boolean is. */
function compile(props: Props): Schema {
  if (props["x-kubernetes-int-or-string"]) return ANY;
  if (props.type === "object" || props.properties || props.additionalProperties) return objectOf(props);
  if (props.type === "array") return listOf(props);
  if (props["x-kubernetes-preserve-unknown-fields"]) return ANY;
  return { type: "scalar", scalar: SCALARS[props.type ?? ""] ?? "any" };
}

function objectOf(props: Props): Schema {
  const additional = additionalOf(props);
  const bare = !props.properties && !props["x-kubernetes-preserve-unknown-fields"] && !props["x-kubernetes-embedded-resource"];
  const mapType = props["x-kubernetes-map-type"];
  if (bare && additional)
    return {
      type: "map",
      values: compile(additional),
      mapType: mapType === "atomic" ? "atomic" : "granular",
      ...(mapType && { declared: true }),
    };
  return structOf(props, "");
}

function structOf(props: Props, name: string): StructSchema {
  const fields = new Map<string, Field>();
  for (const [key, value] of Object.entries(props.properties ?? {}))
    fields.set(key, fieldOf(key, compile(value), value, props.required?.includes(key)));
  if (props["x-kubernetes-embedded-resource"]) {
    fields.set("apiVersion", fieldOf("apiVersion", TEXT, undefined, false));
    fields.set("kind", fieldOf("kind", TEXT, undefined, false));
    fields.set("metadata", fieldOf("metadata", structSchema(OBJECT_META), undefined, false));
  }
  const additional = additionalOf(props);
  return {
    type: "struct",
    name,
    structType: props["x-kubernetes-map-type"] === "atomic" ? "atomic" : "granular",
    fields,
    dynamic: true,
    ...(name === "" && props["x-kubernetes-embedded-resource"] && { embedded: true }),
    ...(props["x-kubernetes-preserve-unknown-fields"] && { preserveUnknown: true }),
    ...(additional && { extra: compile(additional) }),
  };
}

function fieldOf(name: string, schema: Schema, props: Props | undefined, required = false): Field {
  const fallback = props?.default;
  return {
    name,
    schema,
    required,
    ptr: true,
    emitZero: false,
    patchStrategy: [],
    ...(fallback !== undefined && { default: fallback }),
  };
}

function listOf(props: Props): Schema {
  const items = itemsOf(props);
  const listType = props["x-kubernetes-list-type"];
  return {
    type: "list",
    items: items ? compile(items) : ANY,
    listType: listType === "set" || listType === "map" ? listType : "atomic",
    ...(listType && { declared: true }),
    listKeys: props["x-kubernetes-list-map-keys"] ?? [],
  };
}
