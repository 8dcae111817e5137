/**
 * A definition's schema as OpenAPI documents publish it. Version 2 has no words for much of it, and leaves it out.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/controller/openapi/{builder,v2} v1.36
 */
import { loadDescriptions } from "../openapi/index.ts";
import { additionalOf, itemsOf, OBJECT_META, type Props } from "./structural.ts";

type Json = Record<string, unknown>;
type Dialect = 2 | 3;

export function publishedSchema(props: Props | undefined, dialect: Dialect): Json {
  // With members of its own, kubectl would take everything else for a mistake.
  if (!props || (dialect === 2 && props["x-kubernetes-preserve-unknown-fields"])) return { type: "object" };
  const root = dialect === 2 ? second(props) : third(props);
  return { ...root, properties: { ...(root["properties"] as Json | undefined), ...objectMembers(dialect) } };
}

const TYPED = "io.k8s.api.core.v1.ConfigMap";

/** What every object has; built-in kinds describe it. */
function objectMembers(dialect: Dialect): Json {
  const described = (field: string) => {
    const description = loadDescriptions().of(TYPED, field);
    return description ? { description } : {};
  };
  const $ref = `${dialect === 2 ? "#/definitions/" : "#/components/schemas/"}${OBJECT_META}`;
  return {
    apiVersion: { ...described("apiVersion"), type: "string" },
    kind: { ...described("kind"), type: "string" },
    // Clients look for these words.
    metadata: { description: "Standard object's metadata.", ...(dialect === 2 ? { $ref } : { allOf: [{ $ref }] }) },
  };
}

/** With the parts below rewritten. */
function rewritten(props: Props, dialect: Dialect, below: (props: Props) => Json): Json {
  const out: Json = { ...props };
  const items = itemsOf(props);
  const additional = additionalOf(props);
  if (items) out["items"] = below(items);
  if (additional && props.additionalProperties !== true) out["additionalProperties"] = below(additional);
  if (props.properties)
    out["properties"] = Object.fromEntries(Object.entries(props.properties).map(([name, value]) => [name, below(value)]));
  if (props["x-kubernetes-embedded-resource"] && !(dialect === 2 && props["x-kubernetes-preserve-unknown-fields"]))
    out["properties"] = { ...(out["properties"] as Json | undefined), ...objectMembers(dialect) };
  return out;
}

const third = (props: Props): Json => rewritten(props, 3, third);

function second(props: Props): Json {
  const out = rewritten(props, 2, second);
  for (const junctor of ["allOf", "oneOf", "anyOf", "not"]) delete out[junctor];
  const preserves = props["x-kubernetes-preserve-unknown-fields"];
  if (props.nullable || preserves) {
    delete out["items"];
    delete out["properties"];
  }
  if (props.nullable || (preserves && props.type === "object") || (props.type === "array" && !out["items"])) delete out["type"];
  delete out["nullable"];
  const additional = additionalOf(props);
  const required = props.required?.filter((name) => !props.properties?.[name]?.nullable && !additional?.nullable);
  if (required?.length) out["required"] = required;
  else delete out["required"];
  return out;
}
