/**
 * Objects in normal form to protobuf messages, by the rules of Go's generated marshallers: in ascending field number, lists unpacked, map
 * entries sorted by key; what is no pointer is always written, what is a pointer, bytes or a wrapped list when present.
 */
import { parseDurationNanos } from "../duration.ts";
import { parseTime } from "../../lib/platform.ts";
import type { Field, ListSchema, MapSchema, ScalarSchema, Schema, StructSchema } from "../schema.ts";
import { messagePlan, type MessagePlan } from "./plan.ts";
import { BackwardWriter, BYTES, FIXED64, VARINT } from "./wire.ts";

type Values = Record<string, unknown>;

/** The message of an object, without envelope; kind and apiVersion are not part of it. */
export function encodeMessage(schema: StructSchema, object: unknown): Buffer {
  const w = new BackwardWriter();
  writeStruct(w, messagePlan(schema), object as Values);
  return w.finish();
}

function writeStruct(w: BackwardWriter, plan: MessagePlan, object: Values): void {
  for (const entry of plan.descending) {
    if (!entry.nested) writeField(w, entry.field, entry.num, object[entry.field.name]);
    else {
      const mark = w.length;
      writeStruct(w, entry.nested, object);
      w.delimit(entry.num, mark);
    }
  }
}

function writeField(w: BackwardWriter, field: Field, num: number, value: unknown): void {
  const schema = field.schema;
  const absent = value === undefined || value === null;
  if (schema.type === "list") {
    if (!absent) writeList(w, schema, num, value as unknown[]);
  } else if (schema.type === "map") {
    if (!absent) writeMap(w, schema, num, value as Values);
  } else if (absent && (field.ptr || (schema.type === "scalar" && schema.scalar === "bytes"))) return;
  else writeOne(w, schema, num, value);
}

function writeList(w: BackwardWriter, schema: ListSchema, num: number, list: unknown[]): void {
  const mark = w.length;
  const inner = schema.wrapper ? schema.wrapper.num : num;
  for (let i = list.length - 1; i >= 0; i--) writeOne(w, schema.items, inner, list[i]);
  if (schema.wrapper) w.delimit(num, mark);
}

function writeMap(w: BackwardWriter, schema: MapSchema, num: number, map: Values): void {
  const keys = Object.keys(map).sort(compareBytes);
  for (let i = keys.length - 1; i >= 0; i--) {
    const mark = w.length;
    const value = map[keys[i]!];
    if (schema.values.type === "list") {
      if (value !== undefined && value !== null) writeList(w, schema.values, 2, value as unknown[]);
    } else writeOne(w, schema.values, 2, value);
    w.text(keys[i]!);
    w.varint(Buffer.byteLength(keys[i]!));
    w.tag(1, BYTES);
    w.delimit(num, mark);
  }
}

/** Go sorts strings by their bytes; JavaScript by UTF-16 units, which differs only beyond the basic plane. */
function compareBytes(a: string, b: string): number {
  return a < b
    ? hasSurrogate(a, b)
      ? Buffer.compare(Buffer.from(a), Buffer.from(b))
      : -1
    : a > b
      ? hasSurrogate(a, b)
        ? Buffer.compare(Buffer.from(a), Buffer.from(b))
        : 1
      : 0;
}

const hasSurrogate = (a: string, b: string) => /[\ud800-\udfff]/.test(a) || /[\ud800-\udfff]/.test(b);

/** One value at `num`; absent means zero. */
function writeOne(w: BackwardWriter, schema: Schema, num: number, value: unknown): void {
  if (schema.type === "struct") {
    const mark = w.length;
    writeStruct(w, messagePlan(schema), (value ?? {}) as Values);
    w.delimit(num, mark);
  } else if (schema.type === "scalar") writeScalar(w, schema, num, value);
  else throw new Error(`a ${schema.type} inside a list or a map has no protobuf form`);
}

function writeScalar(w: BackwardWriter, schema: ScalarSchema, num: number, value: unknown): void {
  switch (schema.scalar) {
    case "string":
      return writeText(w, num, (value as string | undefined) ?? "");
    case "boolean":
      w.byte(value ? 1 : 0);
      return w.tag(num, VARINT);
    case "int32":
    case "int64":
      w.varint((value as number | undefined) ?? 0);
      return w.tag(num, VARINT);
    case "double":
      w.double((value as number | undefined) ?? 0);
      return w.tag(num, FIXED64);
    case "bytes":
      return writeBytes(w, num, Buffer.from((value as string | undefined) ?? "", "base64"));
    default: {
      const mark = w.length;
      writeSpecial(w, schema, value);
      return w.delimit(num, mark);
    }
  }
}

function writeText(w: BackwardWriter, num: number, text: string): void {
  const mark = w.length;
  w.text(text);
  w.delimit(num, mark);
}

function writeBytes(w: BackwardWriter, num: number, bytes: Uint8Array): void {
  w.raw(bytes);
  w.varint(bytes.length);
  w.tag(num, BYTES);
}

/** The content of the message that a type with a JSON form of its own has in protobuf. */
function writeSpecial(w: BackwardWriter, schema: ScalarSchema, value: unknown): void {
  switch (schema.scalar) {
    case "Quantity":
      return writeText(w, 1, (value as string | undefined) ?? "0");
    case "IntOrString":
      writeText(w, 3, typeof value === "string" ? value : "");
      w.varint(typeof value === "number" ? value : 0);
      w.tag(2, VARINT);
      w.byte(typeof value === "string" ? 1 : 0);
      return w.tag(1, VARINT);
    case "Time":
    case "MicroTime":
      return writeTime(w, value);
    case "Duration":
      w.bigInt(parseDurationNanos((value as string | undefined) ?? "0s"));
      return w.tag(1, VARINT);
    case "RawExtension":
    case "FieldsV1":
    case "JSON":
      if (value !== undefined && value !== null) writeText(w, 1, JSON.stringify(value));
      return;
    case "JSONSchemaPropsOrArray":
    case "JSONSchemaPropsOrBool":
    case "JSONSchemaPropsOrStringArray":
      return writeSchemaOr(w, schema, value);
    default:
      throw new Error(`${schema.scalar} has no protobuf form`);
  }
}

/** `2026-01-02T03:04:05.123456Z`: nanoseconds down to the microsecond, for a Time always 0; the zero time is an empty message. */
function writeTime(w: BackwardWriter, value: unknown): void {
  if (typeof value !== "string") return;
  const micros = value.length > 20 ? Number(value.slice(20, 26)) : 0;
  w.varint(micros * 1000);
  w.tag(2, VARINT);
  w.varint(Math.floor(parseTime(`${value.slice(0, 19)}Z`) / 1000));
  w.tag(1, VARINT);
}

function writeSchemaOr(w: BackwardWriter, schema: ScalarSchema, value: unknown): void {
  const props = schema.props!();
  const bool = schema.scalar === "JSONSchemaPropsOrBool";
  const list = Array.isArray(value) ? value : [];
  const items: Schema = schema.scalar === "JSONSchemaPropsOrArray" ? props : { type: "scalar", scalar: "string" };
  for (let i = list.length - 1; i >= 0; i--) writeOne(w, items, 2, list[i]);
  const isSchema = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isSchema) writeOne(w, props, bool ? 2 : 1, value);
  if (!bool) return;
  w.byte(isSchema || value === true ? 1 : 0);
  w.tag(1, VARINT);
}
