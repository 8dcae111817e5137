/**
 * A definition's schema as OpenAPI documents publish it. Version 2 has no words for much of it, and leaves it out.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/controller/openapi/{builder,v2} v1.36
 */
import { additionalOf, itemsOf, OBJECT_META, type Props } from "./structural.ts";

type Json = Record<string, unknown>;

const TYPE_META: Json = { apiVersion: { type: "string" }, kind: { type: "string" } };

export function publishedSchema(props: Props | undefined, dialect: 2 | 3): Json {
  const root: Json = dialect === 2 ? second(props ?? {}) : { ...props };
  if (dialect === 2 && props?.["x-kubernetes-preserve-unknown-fields"]) return finish({ type: "object" }, dialect);
  if (!props) return finish({ type: "object", "x-kubernetes-preserve-unknown-fields": true }, dialect);
  return finish(root, dialect);
}

function finish(root: Json, dialect: 2 | 3): Json {
  const reference = dialect === 2 ? `#/definitions/${OBJECT_META}` : `#/components/schemas/${OBJECT_META}`;
  const metadata = dialect === 2 ? { $ref: reference } : { allOf: [{ $ref: reference }] };
  return { ...root, type: "object", properties: { ...(root["properties"] as Json | undefined), ...TYPE_META, metadata } };
}

const KEPT = [
  "description",
  "type",
  "format",
  "title",
  "maximum",
  "exclusiveMaximum",
  "minimum",
  "exclusiveMinimum",
  "maxLength",
  "minLength",
  "pattern",
  "maxItems",
  "minItems",
  "uniqueItems",
  "multipleOf",
  "enum",
  "maxProperties",
  "minProperties",
  "required",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-embedded-resource",
  "x-kubernetes-int-or-string",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-list-type",
  "x-kubernetes-map-type",
  "x-kubernetes-validations",
] as const;

function second(props: Props): Json {
  const out: Json = {};
  for (const key of KEPT) if (props[key] !== undefined) out[key] = props[key];
  if (props.nullable || props["x-kubernetes-int-or-string"]) {
    delete out["type"];
    if (props.nullable) return props.description ? { ...extensionsOf(out), description: props.description } : extensionsOf(out);
  }
  if (props["x-kubernetes-preserve-unknown-fields"]) return out;
  const items = itemsOf(props);
  if (items) out["items"] = second(items);
  const additional = additionalOf(props);
  if (additional) out["additionalProperties"] = second(additional);
  if (props.properties)
    out["properties"] = Object.fromEntries(Object.entries(props.properties).map(([name, value]) => [name, second(value)]));
  return out;
}

const extensionsOf = (schema: Json): Json => Object.fromEntries(Object.entries(schema).filter(([key]) => key.startsWith("x-")));
