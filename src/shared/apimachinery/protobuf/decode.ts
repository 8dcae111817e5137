/**
 * Protobuf messages to objects in normal form (see ../decode.ts), equal to what the same object in JSON decodes to. Unknown numbers are
 * skipped, as Go does it.
 */
import { DecodeError, decodeValue } from "../decode.ts";
import { formatDurationNanos } from "../duration.ts";
import { setKey } from "../json-text.ts";
import { formatTime } from "../../lib/platform.ts";
import type { ListSchema, MapSchema, ScalarSchema, Schema, StructSchema } from "../schema.ts";
import { messagePlan, type MessagePlan } from "./plan.ts";
import { Reader, VARINT, WireError } from "./wire.ts";

type Values = Record<string, unknown>;

/** Decodes a message without envelope. Throws `DecodeError`. */
export function decodeMessage(schema: StructSchema, bytes: Uint8Array): Values {
  const raw = guarded(() => readStruct(new Reader(bytes), messagePlan(schema), {}));
  // What was read is what JSON would say; the walk drops zero values, fills in and orders as for any other input.
  return decodeValue(schema, raw).object;
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof WireError) throw new DecodeError(cause.message, { cause });
    throw cause;
  }
}

function readStruct(r: Reader, plan: MessagePlan, out: Values): Values {
  while (!r.done) {
    const tag = r.varint();
    const entry = plan.byNumber.get(Math.floor(tag / 8));
    const wire = tag % 8;
    if (!entry) r.skip(wire);
    else if (entry.nested) readStruct(r.message(), entry.nested, out);
    else {
      const { name, schema } = entry.field;
      if (schema.type === "list") out[name] = readListItem(r, schema, wire, out[name] as unknown[] | undefined);
      else if (schema.type === "map") readMapEntry(r.message(), schema, (out[name] ??= {}) as Values);
      else out[name] = readOne(r, schema);
    }
  }
  return out;
}

/** Lists come item by item; packed numbers, which Go accepts, come all at once. */
function readListItem(r: Reader, schema: ListSchema, wire: number, list: unknown[] = []): unknown[] {
  if (schema.wrapper) return readWrapped(r.message(), schema);
  const scalar = schema.items.type === "scalar" ? schema.items.scalar : "";
  const packed = wire !== VARINT && (scalar === "int32" || scalar === "int64" || scalar === "boolean");
  if (!packed) list.push(readOne(r, schema.items));
  else for (const inner = r.message(); !inner.done;) list.push(readOne(inner, schema.items));
  return list;
}

function readWrapped(r: Reader, schema: ListSchema): unknown[] {
  const list: unknown[] = [];
  while (!r.done) {
    const tag = r.varint();
    if (Math.floor(tag / 8) === schema.wrapper!.num) list.push(readOne(r, schema.items));
    else r.skip(tag % 8);
  }
  return list;
}

function readMapEntry(r: Reader, schema: MapSchema, map: Values): void {
  let key = "";
  let value: unknown = null;
  while (!r.done) {
    const tag = r.varint();
    const num = Math.floor(tag / 8);
    if (num === 1) key = r.text();
    else if (num === 2)
      value =
        schema.values.type === "list" ? readListItem(r, schema.values, tag % 8, value as unknown[]) : readOne(r, schema.values);
    else r.skip(tag % 8);
  }
  setKey(map, key, value);
}

function readOne(r: Reader, schema: Schema): unknown {
  if (schema.type === "struct") return readStruct(r.message(), messagePlan(schema), {});
  if (schema.type !== "scalar") throw new WireError(`a ${schema.type} inside a list or a map has no protobuf form`);
  switch (schema.scalar) {
    case "string":
      return r.text();
    case "boolean":
      return r.varint() !== 0;
    case "int32":
    case "int64":
      return r.varint();
    case "double":
      return r.double();
    case "bytes":
      return r.slice().toString("base64");
    default:
      return readSpecial(r.message(), schema);
  }
}

/** The numbered parts of a small message: numbers, or bytes. */
function parts(r: Reader): Map<number, number | Buffer> {
  const out = new Map<number, number | Buffer>();
  while (!r.done) {
    const tag = r.varint();
    const wire = tag % 8;
    if (wire === VARINT) out.set(Math.floor(tag / 8), r.varint());
    else if (wire === 2) out.set(Math.floor(tag / 8), r.slice());
    else r.skip(wire);
  }
  return out;
}

function readSpecial(r: Reader, schema: ScalarSchema): unknown {
  switch (schema.scalar) {
    case "JSONSchemaPropsOrArray":
    case "JSONSchemaPropsOrBool":
    case "JSONSchemaPropsOrStringArray":
      return readSchemaOr(r, schema);
    case "Duration":
      return readDuration(r);
  }
  const p = parts(r);
  const text = (num: number) => String(p.get(num) ?? "");
  const number = (num: number) => Number(p.get(num) ?? 0);
  switch (schema.scalar) {
    case "Quantity":
      return text(1) || "0";
    case "IntOrString":
      return number(1) === 1 ? text(3) : number(2);
    case "Time":
    case "MicroTime":
      return p.size === 0 ? null : readTime(number(1), number(2), schema.scalar === "MicroTime");
    default: {
      // RawExtension, FieldsV1, JSON
      const raw = p.get(1);
      if (raw === undefined) return null;
      return parseRaw(String(raw));
    }
  }
}

function parseRaw(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DecodeError("the raw value is no JSON", { cause });
  }
}

function readDuration(r: Reader): string {
  let nanos = 0n;
  while (!r.done) {
    const tag = r.varint();
    if (tag === 8) nanos = r.bigVarint();
    else r.skip(tag % 8);
  }
  return formatDurationNanos(nanos);
}

function readTime(seconds: number, nanos: number, micro: boolean): string {
  const text = formatTime(seconds * 1000);
  if (!micro) return text;
  return `${text.slice(0, 19)}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z`;
}

function readSchemaOr(r: Reader, schema: ScalarSchema): unknown {
  const props = schema.props!();
  const bool = schema.scalar === "JSONSchemaPropsOrBool";
  let value: unknown = bool ? false : null;
  while (!r.done) {
    const tag = r.varint();
    const num = Math.floor(tag / 8);
    const isSchema = num === (bool ? 2 : 1);
    if (tag % 8 === VARINT) {
      const allows = r.varint() !== 0;
      if (typeof value === "boolean") value = allows;
    } else if (isSchema) value = readStruct(r.message(), messagePlan(props), {});
    else {
      const list = Array.isArray(value) ? value : (value = [] as unknown[]);
      list.push(schema.scalar === "JSONSchemaPropsOrArray" ? readStruct(r.message(), messagePlan(props), {}) : r.text());
    }
  }
  return value;
}
