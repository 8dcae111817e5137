/**
 * How large values of a schema can become, given the largest request: what estimates of costs start from.
 *
 * @source staging/src/k8s.io/apiserver/pkg/cel/common/schemas.go, staging/src/k8s.io/apiserver/pkg/cel/limits.go v1.36
 */
import { additionalOf, itemsOf, type Props } from "../structural.ts";
import { namesOf } from "./types.ts";

export const MAX_REQUEST = 3 * 1024 * 1024;

/** A schema as far as costs go. */
export interface Sized {
  kind: "string" | "bytes" | "list" | "map" | "object" | "scalar" | "dyn";
  /** Characters, items or entries. */
  max: number;
  /** Bytes of the smallest JSON. */
  min: number;
  fields?: ReadonlyMap<string, Sized>;
  /** Of items, or of values. */
  element?: Sized;
}

const LONGEST_TEXT = MAX_REQUEST - 2;
const text = (max: number): Sized => ({ kind: "string", max, min: 2 });
const KEY = text(LONGEST_TEXT);
const scalar = (min: number, max = 0): Sized => ({ kind: "scalar", max, min });

/** undefined: rules cannot see it. */
export function sizeOf(props: Props, resource = false): Sized | undefined {
  if (props["x-kubernetes-int-or-string"])
    return { kind: "dyn", max: props.maxLength === undefined ? LONGEST_TEXT : props.maxLength * 4, min: 1 };
  switch (props.type) {
    case "array":
      return listSize(props);
    case "object":
      return objectSize(props, resource || Boolean(props["x-kubernetes-embedded-resource"]));
    case "string":
      return textSize(props);
    case "boolean":
      return scalar(4);
    case "number":
    case "integer":
      return scalar(1);
    default:
      return undefined;
  }
}

function listSize(props: Props): Sized | undefined {
  const items = itemsOf(props);
  const element = items && sizeOf(items);
  if (!element) return undefined;
  return { kind: "list", max: props.maxItems ?? Math.floor((MAX_REQUEST - 2) / (element.min + 1)), min: 2, element };
}

function objectSize(props: Props, resource: boolean): Sized | undefined {
  const additional = additionalOf(props);
  if (additional && !props.properties) {
    const element = sizeOf(additional);
    if (!element) return undefined;
    return { kind: "map", max: props.maxProperties ?? Math.floor((MAX_REQUEST - 2) / (element.min + 6)), min: 2, element };
  }
  const fields = new Map<string, Sized>();
  let min = 2;
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    const field = sizeOf(property);
    if (!field) continue;
    for (const known of namesOf(name)) fields.set(known, field);
    if (props.required?.includes(name) && property.default === undefined) min += name.length + field.min + 4;
  }
  if (resource) {
    const names = new Map([KEY_OF("name"), KEY_OF("generateName")]);
    fields.set("apiVersion", KEY).set("kind", KEY).set("metadata", { kind: "object", max: 0, min: 2, fields: names });
  }
  return { kind: "object", max: 0, min, fields };
}

const KEY_OF = (name: string): [string, Sized] => [name, KEY];

function textSize({ format, maxLength, enum: values }: Props): Sized {
  switch (format) {
    case "byte":
      return { kind: "bytes", max: maxLength ?? LONGEST_TEXT, min: 2 };
    case "duration":
      return scalar(3, 32);
    case "date":
      return scalar(12, 12);
    case "date-time":
      return scalar(21, 32);
  }
  if (maxLength !== undefined) return text(maxLength * 4);
  const longest = (values ?? []).map((v) => (typeof v === "string" ? Buffer.byteLength(v) : 0));
  return text(longest.length ? Math.max(...longest) : LONGEST_TEXT);
}
