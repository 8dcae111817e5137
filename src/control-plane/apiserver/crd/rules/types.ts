/**
 * What a schema's values are to its rules: their types, and the values as the rules see them.
 *
 * @source staging/src/k8s.io/apiserver/pkg/cel/common/schemas.go, staging/src/k8s.io/apiserver/pkg/cel/escaping.go v1.36
 */
import {
  AssociativeList,
  Double,
  Duration,
  Timestamp,
  dyn,
  equal,
  listOf,
  mapOf,
  objectType,
  type as celType,
  type CelType,
} from "../../../../shared/apimachinery/cel/index.ts";
import { parseDurationNanos } from "../../../../shared/apimachinery/duration.ts";
import { parseTime } from "../../../../shared/lib/platform.ts";
import { additionalOf, itemsOf, type Props } from "../structural.ts";

const RESERVED = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

const ESCAPES: Readonly<Record<string, string>> = { __: "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__" };

/** The names by which rules may call a property; none where it cannot be spelled. */
export function namesOf(property: string): string[] {
  if (RESERVED.has(property)) return [`__${property}__`, property];
  if (!/^[a-zA-Z_./-][a-zA-Z0-9_./-]*$/.test(property)) return [];
  return [property.replace(/__|[./-]/g, (text) => ESCAPES[text]!)];
}

const TEXTS: Readonly<Record<string, string>> = {
  byte: "bytes",
  duration: "google.protobuf.Duration",
  date: "google.protobuf.Timestamp",
  "date-time": "google.protobuf.Timestamp",
  datetime: "google.protobuf.Timestamp",
};

const types = new WeakMap<Props, { type: CelType | undefined }>();

/** undefined: no rule may touch it. `resource`: it has apiVersion, kind and metadata. */
export function typeOf(props: Props, resource = false): CelType | undefined {
  if (resource) return make(props, true);
  let known = types.get(props);
  if (!known) types.set(props, (known = { type: make(props, Boolean(props["x-kubernetes-embedded-resource"])) }));
  return known.type;
}

function make(props: Props, resource: boolean): CelType | undefined {
  if (props["x-kubernetes-int-or-string"]) return dyn;
  switch (props.type) {
    case "object":
      return objectOf(props, resource);
    case "array": {
      const items = itemsOf(props);
      const item = items && typeOf(items);
      return item && listOf(item);
    }
    case "string":
      return celType(TEXTS[props.format ?? ""] ?? "string");
    case "boolean":
      return celType("bool");
    case "integer":
      return celType("int");
    case "number":
      return celType("double");
    default:
      return undefined;
  }
}

const text = celType("string");
const METADATA = objectType("metadata", { name: text, generateName: text });

function objectOf(props: Props, resource: boolean): CelType | undefined {
  const additional = additionalOf(props);
  if (additional && !props.properties) {
    const value = typeOf(additional);
    return value && mapOf(text, value);
  }
  const fields: Record<string, CelType> = resource ? { apiVersion: text, kind: text, metadata: METADATA } : {};
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    if (resource && name === "metadata") continue;
    const of = typeOf(property);
    if (of) for (const known of namesOf(name)) fields[known] = of;
  }
  return objectType("object", fields);
}

type Members = Record<string, unknown>;
const isObject = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

/** The value as rules see it: only what the schema names, under names that can be spelled. */
export function seen(value: unknown, props: Props, resource = false): unknown {
  if (value === null || value === undefined || props["x-kubernetes-int-or-string"]) return value;
  if (typeof value === "string") return props.type === "string" ? seenText(value, props.format) : value;
  if (typeof value === "number") return props.type === "number" ? new Double(value) : value;
  if (Array.isArray(value)) {
    const items = itemsOf(props);
    return items ? seenList(value, props, items) : value;
  }
  if (!isObject(value)) return value;
  return seenObject(value, props, resource || Boolean(props["x-kubernetes-embedded-resource"]));
}

/** Of sets and lists with keys the order does not count. */
function seenList(list: unknown[], props: Props, items: Props): unknown[] {
  const out = list.map((item) => seen(item, items));
  const type = props["x-kubernetes-list-type"];
  if (type === "set") return AssociativeList.ofItems(out);
  if (type !== "map") return out;
  const keys = (props["x-kubernetes-list-map-keys"] ?? []).flatMap(namesOf);
  const same = (a: unknown, b: unknown) => keys.every((key) => equal((a as Members)?.[key], (b as Members)?.[key]));
  return AssociativeList.ofItems(out, same);
}

function seenObject(object: Members, props: Props, resource: boolean): Members {
  const out: Members = {};
  const additional = additionalOf(props);
  if (additional && !props.properties) {
    for (const [key, value] of Object.entries(object)) out[key] = seen(value, additional);
    return out;
  }
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    if (!Object.hasOwn(object, name) || (resource && name === "metadata")) continue;
    const value = seen(object[name], property);
    for (const known of namesOf(name)) out[known] = value;
  }
  if (!resource) return out;
  const { name, generateName } = (object["metadata"] ?? {}) as Members;
  const metadata = { ...(name !== undefined && { name }), ...(generateName !== undefined && { generateName }) };
  return { ...out, apiVersion: object["apiVersion"], kind: object["kind"], metadata };
}

function seenText(value: string, format: string | undefined): unknown {
  switch (TEXTS[format ?? ""]) {
    case "bytes":
      return Buffer.from(value, "base64");
    case "google.protobuf.Duration":
      return new Duration(parseDurationNanos(value));
    case "google.protobuf.Timestamp":
      return new Timestamp(BigInt(parseTime(format === "date" ? `${value}T00:00:00Z` : value)) * 1_000_000n);
    default:
      return value;
  }
}
