/**
 * From JSON to an object of a schema, in one walk: types checked, unknown and duplicate fields collected, everything normalized to what
 * Go would hold.
 *
 * The normal form in memory: fields in the schema's order; a zero value is absent unless the field is a pointer or always emitted; lists
 * and maps that are always emitted are `[]` and `{}`, never null (`encode.ts` writes the nulls that Go writes); quantities, times,
 * durations and base64 in the spelling upstream writes back. Two objects are equal in Go when their normal forms are.
 *
 * A custom resource's schema is `dynamic`: its values are kept as they are, only unknown fields are pruned (and reported).
 *
 * @source vendor/sigs.k8s.io/json (case-sensitive, strict errors) and Go encoding/json's error texts
 */
import { formatDurationNanos, parseDurationNanos } from "./duration.ts";
import { fromPairs, goSyntaxError, NumberText, parseExact, RepeatedKeys, setKey, surveyJson } from "./json-text.ts";
import { canonicalQuantity } from "./quantity.ts";
import type { Field, ListSchema, MapSchema, ScalarSchema, Schema, StructSchema } from "./schema.ts";
import { canonicalMicroTime, canonicalTime } from "./time.ts";

/** The input is no object of this type; the message is Go's. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

export interface DecodeOptions {
  /** Collect unknown and duplicate fields. */
  strict?: boolean;
  /** Report them in the order of sorted keys: Go has had the value in a map. */
  sorted?: boolean;
}

export interface Decoded<T = Record<string, unknown>> {
  object: T;
  /** `unknown field "spec.x"`, `duplicate field "spec.replicas"`, in document order, at most 100. */
  strict: string[];
}

/** Decodes a JSON text. Throws `DecodeError`. */
export function decodeText<T = Record<string, unknown>>(
  schema: StructSchema,
  text: string,
  options: DecodeOptions = {},
): Decoded<T> {
  return decodeParsed(schema, text, parseJson(text), options);
}

/** `decodeText` where `value` is what JSON.parse made of the text. */
export function decodeParsed<T = Record<string, unknown>>(
  schema: StructSchema,
  text: string,
  value: unknown,
  options: DecodeOptions = {},
): Decoded<T> {
  const survey = surveyJson(text);
  if (!survey.oddNumbers || schema.dynamic) {
    const walk = new Walk(schema, options);
    const object = walk.root(value);
    if (walk.keys === survey.pairs) return { object: object as T, strict: walk.finish() };
  }
  return decodeValue(schema, parseExact(text), options);
}

export function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/** Decodes a parsed JSON value (or an object made in this process). The input is not changed and not kept, raw parts (`any`) aside. */
export function decodeValue<T = Record<string, unknown>>(
  schema: StructSchema,
  value: unknown,
  options: DecodeOptions = {},
): Decoded<T> {
  const walk = new Walk(schema, options);
  const object = walk.root(value);
  const strict = walk.finish();
  if (options.sorted && strict.length > 1) return decodeValue(schema, sortKeys(value), { strict: true });
  return { object: object as T, strict };
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).sort();
  return fromPairs(
    keys,
    keys.map((k) => sortKeys(value[k])),
  );
}

/** JSON.parse with Go's error text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DecodeError(goSyntaxError(text), { cause });
  }
}

type Reader = (walk: Walk, value: unknown) => unknown;

interface FieldPlan {
  name: string;
  /** As Go's error texts name it: with the structs it is embedded through. */
  goPath: string;
  index: number;
  owner: StructPlan;
  /** Kept when zero: a pointer, or always emitted. */
  keep: boolean;
  /** A plain string: the common case, decided without a call. */
  text: boolean;
  read: Reader;
  /** Makes the value of an absent field that is always emitted. */
  emit: (() => unknown) | undefined;
}

interface StructPlan {
  goName: string;
  fields: Map<string, FieldPlan>;
  emits: FieldPlan[];
}

const plans = new WeakMap<StructSchema, StructPlan>();

/** Empty lists that differ from absent ones; no object is stored with one. */
const EMPTY_IS_MEANT: ReadonlySet<string> = new Set([
  "v1.ObjectMeta.managedFields", // the server shall forget them all
  "v2.HPAScalingRules.policies", // stops the default, and is refused
  "v1.EphemeralContainer.ports", // refused, as are the next two
  "v1.EphemeralContainer.resizePolicy",
  "v1.EphemeralContainer.restartPolicyRules",
]);

function planOf(schema: StructSchema): StructPlan {
  const known = plans.get(schema);
  if (known) return known;
  const plan: StructPlan = { goName: goName(schema.name), fields: new Map(), emits: [] };
  plans.set(schema, plan);
  let index = 0;
  for (const [name, field] of schema.fields) {
    const emit = field.emitZero ? zeroMaker(field) : undefined;
    const text = field.schema.type === "scalar" && field.schema.scalar === "string";
    const made: FieldPlan = {
      name,
      goPath: field.embeddedIn ? `${field.embeddedIn}.${name}` : name,
      index: index++,
      owner: plan,
      keep: field.ptr || field.emitZero || EMPTY_IS_MEANT.has(`${plan.goName}.${name}`),
      text,
      read: name === "managedFields" ? atTopOnly(reader(field.schema)) : reader(field.schema),
      emit,
    };
    plan.fields.set(name, made);
    if (emit) plan.emits.push(made);
  }
  return plan;
}

/** In the metadata of a template an empty list means nothing. */
const atTopOnly =
  (read: Reader): Reader =>
  (walk, value) => {
    const entries = read(walk, value);
    return walk.path.length > 2 && isZero(entries) ? undefined : entries;
  };

const absent = new WeakSet<object>();

function noteAbsent<T extends object>(value: T): T {
  absent.add(value);
  return value;
}

/** An empty list or map that decoding put where none was given: null in Go, which nobody owns. */
export const wasAbsent = (value: unknown): boolean => typeof value === "object" && value !== null && absent.has(value);

/** What an absent, always emitted field holds in memory; undefined where Go writes null. */
function zeroMaker(field: Field): (() => unknown) | undefined {
  if (field.ptr) return undefined;
  const schema = field.schema;
  if (schema.type === "list") return schema.wrapper ? undefined : () => noteAbsent([]);
  if (schema.type === "map") return () => noteAbsent({});
  if (schema.type === "struct") return () => zeroStruct(planOf(schema));
  return SCALAR_ZERO[schema.scalar] === undefined ? undefined : () => SCALAR_ZERO[schema.scalar];
}

const SCALAR_ZERO: Readonly<Record<string, unknown>> = {
  string: "",
  boolean: false,
  int32: 0,
  int64: 0,
  double: 0,
  Quantity: "0",
  IntOrString: 0,
  Duration: "0s",
};

function zeroStruct(plan: StructPlan): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const f of plan.emits) out[f.name] = f.emit!();
  return out;
}

/** One decoding: where it is, and what it has found. */
class Walk {
  readonly path: (FieldPlan | string | number)[] = [];
  /** Keys seen, to be compared with the pairs of the text. */
  keys = 0;
  private readonly strict: Set<string> | undefined;
  /** Go reports the first wrong type, after having read the rest. */
  private wrong: string | undefined;

  private readonly schema: StructSchema;
  /** Where the typed part begins that is being read: its errors speak of itself alone. */
  private typed = { depth: 0, prefix: "" };

  constructor(schema: StructSchema, options: DecodeOptions) {
    this.schema = schema;
    this.strict = options.strict ? new Set() : undefined;
  }

  /** Reads a typed part of a custom resource: its metadata, or that of an embedded object. */
  typedPart(read: () => unknown, value: unknown): unknown {
    const outer = this.typed;
    const prefix = this.path.length > 1 ? `${this.dotted()}: Invalid value: ${JSON.stringify(value)}: ` : "";
    this.typed = { depth: this.path.length, prefix };
    const out = read();
    this.typed = outer;
    return out;
  }

  root(value: unknown): unknown {
    const schema = this.schema;
    return schema.dynamic ? readDynamicStruct(this, schema, value) : readStruct(this, planOf(schema), value);
  }

  finish(): string[] {
    if (this.wrong !== undefined) throw new DecodeError(this.wrong);
    if (!this.strict) return [];
    // A custom resource is read first and pruned afterwards, which reports in order of paths.
    const found = [...this.strict];
    if (!this.schema.dynamic) return found;
    const pruned = (text: string) => text.startsWith("unknown");
    return [...found.filter((t) => !pruned(t)), ...found.filter(pruned).sort()];
  }

  note(kind: "unknown" | "duplicate", key: string): void {
    if (!this.strict || this.strict.size >= 100) return;
    const path = this.dotted();
    this.strict.add(`${kind} field ${JSON.stringify(path === "" ? key : `${path}.${key}`)}`);
  }

  wrongType(found: string, type: string): undefined {
    this.wrong ??= this.typeText(found, type);
    return undefined;
  }

  typeText(found: string, type: string): string {
    const fields = this.path.slice(this.typed.depth).filter((p): p is FieldPlan => typeof p === "object");
    const at = fields.length
      ? `struct field ${fields.at(-1)!.owner.goName.replace(/^.*\./, "")}.${fields.map((f) => f.goPath).join(".")}`
      : "value";
    return `${this.typed.prefix}json: cannot unmarshal ${found} into Go ${at} of type ${type}`;
  }

  wrongBase64(text: string, at: number): void {
    const complete = at >= text.length;
    const offset = complete ? at - (at % 4) : text[at] === "=" && at % 4 >= 2 ? text.length : at;
    this.wrong ??= `illegal base64 data at input byte ${offset}`;
  }

  /** An error of a type that decodes itself: it ends the decoding. */
  fatal(message: string): never {
    throw new DecodeError(message);
  }

  dotted(): string {
    let out = "";
    for (const p of this.path) {
      if (typeof p === "number") out += `[${p}]`;
      else out += (out === "" ? "" : ".") + (typeof p === "string" ? p : p.name);
    }
    return out;
  }
}

function kindOf(value: unknown): string {
  if (typeof value === "string") return "string";
  if (typeof value === "number" || value instanceof NumberText) return "number";
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "array" : "object";
}

function isZero(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === "" || value === 0 || value === false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

function readStruct(walk: Walk, plan: StructPlan, value: unknown): unknown {
  if (typeof value !== "object" || Array.isArray(value) || value instanceof NumberText) {
    countKeys(walk, value);
    return walk.wrongType(kindOf(value), plan.goName);
  }
  if (value === null) return zeroStruct(plan);
  if (value instanceof RepeatedKeys) return readRepeated(walk, plan, value);
  const found: FieldPlan[] = [];
  const values: unknown[] = [];
  let sorted = true;
  let last = -1;
  for (const key in value) {
    walk.keys++;
    const field = plan.fields.get(key);
    const given = (value as Record<string, unknown>)[key];
    if (field === undefined) {
      walk.note("unknown", key);
      countKeys(walk, given);
      continue;
    }
    if (given === null || given === undefined) continue;
    const read = readField(walk, field, given);
    if (read === undefined) continue;
    if (field.index < last) sorted = false;
    last = field.index;
    found.push(field);
    values.push(read);
  }
  return assemble(plan, found, values, sorted);
}

/** undefined: as if the field were absent. */
function readField(walk: Walk, field: FieldPlan, value: unknown): unknown {
  if (field.text && typeof value === "string") return value === "" && !field.keep ? undefined : value;
  walk.path.push(field);
  const read = field.read(walk, value);
  walk.path.pop();
  return !field.keep && isZero(read) ? undefined : read;
}

/** Fields in the schema's order, always emitted ones filled in. */
function assemble(plan: StructPlan, found: FieldPlan[], values: unknown[], sorted: boolean): Record<string, unknown> {
  if (!sorted) sortTogether(found, values);
  const out: Record<string, unknown> = {};
  const emits = plan.emits;
  let e = 0;
  for (let i = 0; i < found.length; i++) {
    const field = found[i]!;
    for (; e < emits.length && emits[e]!.index <= field.index; e++) {
      const missing = emits[e]!;
      if (missing !== field) out[missing.name] = missing.emit!();
    }
    out[field.name] = values[i];
  }
  for (; e < emits.length; e++) out[emits[e]!.name] = emits[e]!.emit!();
  return out;
}

function sortTogether(found: FieldPlan[], values: unknown[]): void {
  for (let i = 1; i < found.length; i++) {
    const field = found[i]!;
    const value = values[i];
    let j = i - 1;
    for (; j >= 0 && found[j]!.index > field.index; j--) {
      found[j + 1] = found[j]!;
      values[j + 1] = values[j];
    }
    found[j + 1] = field;
    values[j + 1] = value;
  }
}

/** Go decodes a repeated field into the value it already has: objects merge, everything else is replaced. */
function readRepeated(walk: Walk, plan: StructPlan, pairs: RepeatedKeys): unknown {
  const results = new Map<FieldPlan, unknown>();
  const seen = new Set<FieldPlan>();
  pairs.keys.forEach((key, i) => {
    const field = plan.fields.get(key);
    if (!field) return walk.note("unknown", key);
    if (seen.has(field)) walk.note("duplicate", key);
    seen.add(field);
    if (pairs.values[i] === null) return;
    const read = readField(walk, field, pairs.values[i]);
    results.set(field, merge(results.get(field), read));
  });
  const found = [...results.keys()].filter((f) => results.get(f) !== undefined);
  return assemble(
    plan,
    found,
    found.map((f) => results.get(f)),
    false,
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function merge(old: unknown, next: unknown): unknown {
  if (!isObject(old) || !isObject(next)) return next;
  const out = { ...old };
  for (const key of Object.keys(next)) setKey(out, key, merge(old[key], next[key]));
  return out;
}

/** Keys inside a value that is not read: the text has their pairs too. */
function countKeys(walk: Walk, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) for (const v of value) countKeys(walk, v);
  else
    for (const key in value) {
      walk.keys++;
      countKeys(walk, (value as Record<string, unknown>)[key]);
    }
}

/** A value of any type, as plain JSON. Repeated keys are reported only inside Go's untyped values, not in raw ones. */
function plain(walk: Walk, value: unknown, report: boolean): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof NumberText) return Number(value.text);
  if (Array.isArray(value)) {
    return value.map((v, i) => {
      walk.path.push(i);
      const out = plain(walk, v, report);
      walk.path.pop();
      return out;
    });
  }
  const out: Record<string, unknown> = {};
  eachPair(walk, value, report, (key, v) => {
    walk.path.push(key);
    setKey(out, key, plain(walk, v, report));
    walk.path.pop();
  });
  return out;
}

function eachPair(walk: Walk, value: object, report: boolean, visit: (key: string, value: unknown) => void): void {
  if (value instanceof RepeatedKeys) {
    const seen = new Set<string>();
    value.keys.forEach((key, i) => {
      if (report && seen.has(key)) walk.note("duplicate", key);
      seen.add(key);
      visit(key, value.values[i]);
    });
    return;
  }
  for (const key in value) {
    walk.keys++;
    const v = (value as Record<string, unknown>)[key];
    if (v !== undefined) visit(key, v);
  }
}

function reader(schema: Schema): Reader {
  if (schema.type === "list") return listReader(schema);
  if (schema.type === "map") return mapReader(schema);
  if (schema.type === "scalar") return scalarReader(schema);
  if (schema.dynamic) return (walk, value) => readDynamicStruct(walk, schema, value);
  let plan: StructPlan | undefined;
  return (walk, value) => readStruct(walk, (plan ??= planOf(schema)), value);
}

function listReader(schema: ListSchema): Reader {
  const item = reader(schema.items);
  const zero = elementZero(schema.items);
  const type = () => goType(schema);
  return (walk, value) => {
    if (value === null) return schema.wrapper ? null : [];
    if (!Array.isArray(value)) {
      countKeys(walk, value);
      return walk.wrongType(kindOf(value), type());
    }
    const out: unknown[] = [];
    for (let i = 0; i < value.length; i++) {
      walk.path.push(i);
      out.push(item(walk, value[i]) ?? zero());
      walk.path.pop();
    }
    return out;
  };
}

function mapReader(schema: MapSchema): Reader {
  const item = reader(schema.values);
  const zero = elementZero(schema.values);
  const text = schema.values.type === "scalar" && schema.values.scalar === "string";
  const type = () => goType(schema);
  return (walk, value) => {
    if (value === null) return {};
    if (!isObject(value) || value instanceof NumberText) {
      countKeys(walk, value);
      return walk.wrongType(kindOf(value), type());
    }
    const out: Record<string, unknown> = {};
    let last = "";
    let sorted = true;
    eachPair(walk, value, true, (key, v) => {
      if (key < last) sorted = false;
      last = key;
      if (text && typeof v === "string") return setKey(out, key, v);
      walk.path.push(key);
      setKey(out, key, item(walk, v) ?? zero());
      walk.path.pop();
    });
    return sorted ? out : inKeyOrder(out);
  };
}

/** As Go writes a map. */
function inKeyOrder(map: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(map).sort();
  return fromPairs(
    keys,
    keys.map((key) => map[key]),
  ) as Record<string, unknown>;
}

/** What stands for null inside a list or a map. */
function elementZero(schema: Schema): () => unknown {
  if (schema.type === "struct") return schema.dynamic ? () => null : () => zeroStruct(planOf(schema));
  if (schema.type === "list") return () => (schema.wrapper ? null : []);
  if (schema.type === "map") return () => ({});
  const zero = schema.scalar === "bytes" ? "" : (SCALAR_ZERO[schema.scalar] ?? null);
  return () => zero;
}

function scalarReader(schema: ScalarSchema): Reader {
  switch (schema.scalar) {
    case "string":
      return (walk, v) => (typeof v === "string" ? v : v === null ? "" : wrongScalar(walk, v, schema));
    case "boolean":
      return (walk, v) => (typeof v === "boolean" ? v : v === null ? false : wrongScalar(walk, v, schema));
    case "int32":
      return (walk, v) => (typeof v === "number" && (v | 0) === v ? v : v === null ? 0 : readInteger(walk, v, 2 ** 31, schema));
    case "int64":
      return (walk, v) => (Number.isSafeInteger(v) ? v : v === null ? 0 : readInteger(walk, v, 2 ** 63, schema));
    case "double":
      return (walk, v) =>
        typeof v === "number" ? v : v === null ? 0 : v instanceof NumberText ? Number(v.text) : wrongScalar(walk, v, schema);
    case "bytes":
      return (walk, v) => (typeof v === "string" ? readBytes(walk, v) : v === null ? undefined : wrongScalar(walk, v, schema));
    case "IntOrString":
      return readIntOrString;
    case "Quantity":
      return readQuantity;
    case "Time":
      return selfDecoding((text) => zeroTimeIsAbsent(canonicalTime(text)));
    case "MicroTime":
      return selfDecoding((text) => zeroTimeIsAbsent(canonicalMicroTime(text)));
    case "Duration":
      return selfDecoding((text) => formatDurationNanos(parseDurationNanos(text)));
    case "JSONSchemaPropsOrArray":
    case "JSONSchemaPropsOrBool":
    case "JSONSchemaPropsOrStringArray":
      return schemaOrReader(schema);
    default:
      return (walk, v) => plain(walk, v, schema.scalar === "any");
  }
}

function wrongScalar(walk: Walk, value: unknown, schema: ScalarSchema): undefined {
  countKeys(walk, value);
  return walk.wrongType(kindOf(value), goType(schema));
}

function readInteger(walk: Walk, value: unknown, limit: number, schema: ScalarSchema): unknown {
  if (typeof value !== "number" && !(value instanceof NumberText)) return wrongScalar(walk, value, schema);
  const text = value instanceof NumberText ? value.text : String(value);
  const n = Number(text);
  if (/^-?\d+$/.test(text) && n >= -limit && n < limit) return n;
  return walk.wrongType(`number ${text}`, goType(schema));
}

/** Base64 as Go reads it (line breaks ignored, trailing bits too), written back canonically. */
function readBytes(walk: Walk, text: string): string {
  const bare = text.includes("\n") || text.includes("\r") ? text.replace(/[\r\n]/g, "") : text;
  const bad = /[^A-Za-z0-9+/]/.exec(bare);
  const length = bad ? bad.index : bare.length;
  const padding = bad ? bare.slice(length) : "";
  const wanted = ["", undefined, "==", "="][length % 4];
  if (padding !== wanted) walk.wrongBase64(bare, length);
  return padding === "" ? bare : Buffer.from(bare, "base64").toString("base64");
}

function readIntOrString(walk: Walk, value: unknown): unknown {
  if (typeof value === "string" || (typeof value === "number" && (value | 0) === value)) return value;
  if (value === null) return 0;
  const number = typeof value === "number" || value instanceof NumberText;
  const text = value instanceof NumberText ? value.text : String(value);
  if (number && /^-?\d+$/.test(text) && Math.abs(Number(text)) < 2 ** 31) return Number(text);
  return walk.fatal(walk.typeText(number ? `number ${text}` : kindOf(value), "int32"));
}

function readQuantity(walk: Walk, value: unknown): unknown {
  if (value === null) return "0";
  const text =
    value instanceof NumberText
      ? value.text
      : typeof value === "object" || typeof value === "boolean"
        ? JSON.stringify(value)
        : String(value);
  try {
    return canonicalQuantity(text);
  } catch (error) {
    return walk.fatal((error as Error).message);
  }
}

/** A type whose UnmarshalJSON takes a string. */
function selfDecoding(parse: (text: string) => string | undefined): Reader {
  return (walk, value) => {
    if (value === null) return undefined;
    if (typeof value !== "string") return walk.fatal(walk.typeText(kindOf(value), "string"));
    try {
      return parse(value);
    } catch (error) {
      return walk.fatal((error as Error).message);
    }
  };
}

const zeroTimeIsAbsent = (text: string) => (text.startsWith("0001-01-01T00:00:00") ? undefined : text);

/** A schema, or (by the type) a list of schemas, a boolean, or a list of strings. */
function schemaOrReader(schema: ScalarSchema): Reader {
  return (walk, value) => {
    const props = schema.props?.();
    if (props && isObject(value) && !(value instanceof NumberText)) return readStruct(walk, planOf(props), value);
    if (props && Array.isArray(value) && schema.scalar === "JSONSchemaPropsOrArray")
      return value.map((v) => readStruct(walk, planOf(props), v));
    return plain(walk, value, false);
  };
}

/** Custom resources: only the shape decides; wrong types are found by validation later. */
function readDynamic(walk: Walk, schema: Schema, value: unknown): unknown {
  if (schema.type === "struct") {
    if (schema.dynamic) return readDynamicStruct(walk, schema, value);
    return walk.typedPart(() => readStruct(walk, planOf(schema), value), value);
  }
  if (schema.type === "list" && Array.isArray(value)) {
    return value.map((v, i) => {
      walk.path.push(i);
      const out = readDynamic(walk, schema.items, v);
      walk.path.pop();
      return out;
    });
  }
  if (schema.type === "map" && isObject(value) && !(value instanceof NumberText)) {
    const out: Record<string, unknown> = {};
    eachPair(walk, value, true, (key, v) => {
      walk.path.push(key);
      setKey(out, key, readDynamic(walk, schema.values, v));
      walk.path.pop();
    });
    return out;
  }
  // Where no object belongs, nothing of one is known.
  if (
    schema.type !== "map" &&
    isObject(value) &&
    !(value instanceof NumberText) &&
    !(schema.type === "scalar" && schema.scalar === "any")
  )
    return readDynamicStruct(walk, NOTHING, value);
  return plain(walk, value, true);
}

const NOTHING: StructSchema = { type: "struct", name: "", structType: "granular", fields: new Map(), dynamic: true };

function readDynamicStruct(walk: Walk, schema: StructSchema, value: unknown): unknown {
  if (!isObject(value) || value instanceof NumberText) return plain(walk, value, true);
  const out: Record<string, unknown> = {};
  eachPair(walk, value, true, (key, v) => {
    const inner = schema.fields.get(key)?.schema ?? schema.extra;
    if (!inner && !schema.preserveUnknown) {
      walk.note("unknown", key);
      return countKeys(walk, v);
    }
    walk.path.push(key);
    if (schema.embedded && (key === "apiVersion" || key === "kind") && typeof v !== "string")
      walk.fatal(`${walk.dotted()}: Invalid value: ${JSON.stringify(v)}: must be a string`);
    setKey(out, key, inner ? readDynamic(walk, inner, v) : plain(walk, v, true));
    walk.path.pop();
  });
  return out;
}

const GO_SCALARS: Readonly<Record<string, string>> = {
  string: "string",
  boolean: "bool",
  int32: "int32",
  int64: "int64",
  double: "float64",
  bytes: "[]uint8",
  any: "interface {}",
  Quantity: "resource.Quantity",
  IntOrString: "intstr.IntOrString",
  RawExtension: "runtime.RawExtension",
};

/** `io.k8s.api.core.v1.Pod` → `v1.Pod`. */
const goName = (definition: string) => definition.split(".").slice(-2).join(".");

function goType(schema: Schema): string {
  if (schema.type === "list") return `[]${goType(schema.items)}`;
  if (schema.type === "map" && schema.values.type === "scalar" && schema.values.scalar === "Quantity") return "v1.ResourceList";
  if (schema.type === "map") return `map[string]${goType(schema.values)}`;
  if (schema.type === "struct") return goName(schema.name);
  return schema.goType ?? GO_SCALARS[schema.scalar] ?? `v1.${schema.scalar}`;
}
