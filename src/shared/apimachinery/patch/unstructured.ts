/**
 * Values on their way from a merged document into a typed object. Unlike the JSON decoder, this way takes `2.0` for an integer and lets
 * numbers that are too large for 32 bits wrap around, and it has other words for what does not fit.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/runtime/converter.go (fromUnstructured) v1.36
 */
import { DecodeError } from "../decode.ts";
import type { ScalarSchema, Schema, StructSchema } from "../schema.ts";
import { isObject, jsonKind, setMember, type JsonObject } from "./json.ts";

/** Copies what has to change; custom resources stay as they are. Throws `DecodeError`. */
export function convertUnstructured(object: JsonObject, schema: StructSchema): JsonObject {
  return schema.dynamic ? object : (convert(object, schema) as JsonObject);
}

function convert(value: unknown, schema: Schema): unknown {
  if (value === null || value === undefined) return value;
  if (schema.type === "scalar") return convertScalar(value, schema);
  if (schema.type === "list") {
    if (!Array.isArray(value)) throw new DecodeError(`cannot restore slice from ${goKind(value)}`);
    return value.map((item) => convert(item, schema.items));
  }
  if (!isObject(value))
    throw new DecodeError(`cannot restore ${schema.type === "map" ? "map from" : "struct from:"} ${goKind(value)}`);
  const result: JsonObject = {};
  for (const name of Object.keys(value)) {
    const member = schema.type === "map" ? schema.values : schema.fields.get(name)?.schema;
    setMember(result, name, member ? convert(value[name], member) : value[name]);
  }
  return result;
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return "slice";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "object") return "map";
  return typeof value === "boolean" ? "bool" : "string";
}

const GO_TYPES: Readonly<Record<string, string>> = {
  string: "string",
  boolean: "bool",
  int32: "int32",
  int64: "int64",
  double: "float64",
};

/** Types that read their own JSON, so that an error does not know where it is. */
const OWN_READERS: Readonly<Record<string, string>> = { Time: "string", MicroTime: "string", IntOrString: "int32" };

function readsItself(value: unknown, into: string): boolean {
  return typeof value === "string" || (into === "int32" && Number.isInteger(value));
}

function convertScalar(value: unknown, { scalar, goType }: ScalarSchema): unknown {
  const own = OWN_READERS[scalar];
  if (own && !readsItself(value, own)) {
    const given = typeof value === "number" && own === "int32" ? `number ${value}` : jsonKind(value);
    throw new DecodeError(`json: cannot unmarshal ${given} into Go value of type ${own}`);
  }
  const type = GO_TYPES[scalar];
  if (!type) return value;
  const from = goKind(value);
  if (from === type) return value;
  if (type.startsWith("int") && (from === "int64" || from === "float64")) {
    if (from === "float64") throw new DecodeError(`cannot convert float64 to ${type}`);
    return scalar === "int32" ? (value as number) | 0 : value;
  }
  if (type === "float64" && from === "int64") return value;
  // Go has a conversion from integers to strings, which it refuses, and none for the rest.
  throw new DecodeError(
    type === "string" && from === "int64" ? `cannot convert int64 to ${goType ?? type}` : `unrecognized type: ${type}`,
  );
}
