/** What a mutation makes of an object. Throws ExpressionError where it cannot be. */
import { applyJsonPatch, mergeConfiguration, validateConfiguration } from "../../../../shared/apimachinery/patch/index.ts";
import { entryOf, keysOf, numberOf, Optional, Struct, typeNameOf } from "../../../../shared/apimachinery/cel/index.ts";
import { isApiError } from "../../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";
import type { Schema } from "../../../../shared/apimachinery/schema.ts";
import { ExpressionError } from "../dynamic/run.ts";

type Members = Record<string, unknown>;

/** Lays what `Object{…}` made over the object: lists with keys are merged by them. */
export function appliedTo(object: KubeObject, schema: Schema, made: unknown): KubeObject {
  if (!(made instanceof Struct))
    throw new ExpressionError(`unsupported return type from ApplyConfiguration expression: ${typeNameOf(made)}`);
  const mismatch = misnamed(made, "Object");
  if (mismatch) throw new ExpressionError(`type mismatch: ${mismatch}`);
  const { apiVersion, kind } = object;
  const config = { ...(json(made) as Members), apiVersion, kind };
  const errors = validateConfiguration(config, schema);
  if (errors.length)
    throw new ExpressionError(`error applying patch: failed to convert patch object to typed object: ${errors.join("; ")}`);
  const atomics = atomicParts(config, schema, "");
  if (atomics.length)
    throw new ExpressionError(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(", ")}`,
    );
  return mergeConfiguration(object as unknown as Members, config, schema) as unknown as KubeObject;
}

/** A made object stands at the path that its type is named after. */
function misnamed(value: unknown, path: string): string | undefined {
  if (Array.isArray(value)) return value.map((item) => misnamed(item, path)).find(Boolean);
  if (value instanceof Optional) return misnamed(value.value, path);
  if (!(value instanceof Struct)) return undefined;
  if (value.type !== path)
    return `unexpected type name ${JSON.stringify(value.type)}, expected ${JSON.stringify(path)}, which matches field name path from root Object type`;
  return [...value.fields].map(([name, member]) => misnamed(member, `${path}.${name}`)).find(Boolean);
}

/** What would be replaced as a whole, where the author may think that only a part is changed. */
function atomicParts(value: unknown, schema: Schema | undefined, path: string): string[] {
  if (!schema || value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) {
    if (schema.type !== "list") return [];
    const own = schema.listType === "atomic" ? [path] : [];
    return [...own, ...value.flatMap((item, i) => atomicParts(item, schema.items, `${path}[${i}]`))];
  }
  if (schema.type === "map") return schema.mapType === "atomic" ? [path] : [];
  if (schema.type !== "struct") return [];
  const own = schema.structType === "atomic" ? [path] : [];
  const members = Object.entries(value).flatMap(([name, member]) =>
    atomicParts(member, schema.fields.get(name)?.schema, `${path}.${name}`),
  );
  return [...own, ...members];
}

/** Operations one after the other; a test that fails leaves the object as it was. */
export function jsonPatched(object: KubeObject, made: unknown): KubeObject {
  if (!Array.isArray(made)) throw new ExpressionError("type mismatch: JSONPatchType.expression should evaluate to array");
  let next: unknown = object;
  for (const item of made) {
    const operation = json(item) as Members;
    try {
      next = applyJsonPatch(next, [operation]);
    } catch (error) {
      if (!isApiError(error)) throw error;
      if (operation.op === "test") return object;
      throw new ExpressionError(`JSON Patch: ${failureOf(operation)}`);
    }
  }
  return next as KubeObject;
}

/** The words of the library behind the API server. */
function failureOf({ op, path, from }: Members): string {
  const key = String(path).split("/").at(-1)!;
  if (op === "remove")
    return `error in remove for path: '${String(path)}': Unable to remove nonexistent key: ${key}: missing value`;
  if (op === "add" || op === "replace")
    return `${String(op)} operation does not apply: doc is missing path: "${String(path)}": missing value`;
  if (op === "move" || op === "copy")
    return `error in ${String(op)} for path: '${String(path)}': Unable to get nonexistent key: ${String(from).split("/").at(-1)}: missing value`;
  return `Unexpected kind: ${String(op)}`;
}

/** A value of an expression as JSON. */
function json(value: unknown): unknown {
  const number = numberOf(value);
  if (number !== undefined) return Number(number);
  if (Array.isArray(value)) return value.map(json);
  if (value instanceof Struct) return Object.fromEntries([...value.fields].map(([name, member]) => [name, json(member)]));
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeNameOf(value) !== "map") return value;
  return Object.fromEntries(keysOf(value).map((key) => [String(key), json(entryOf(value, key).value)]));
}
