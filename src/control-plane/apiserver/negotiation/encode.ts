/**
 * An answer as bytes. Plain JSON of cached objects is written as it lies in the cache; everything else is made here, objects of the
 * cache once per revision and form.
 */
import type { Readable } from "node:stream";
import { structSchema } from "../../../shared/api/schemas.ts";
import { notAcceptable } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { encodeProtobuf } from "../../../shared/apimachinery/protobuf/index.ts";
import type { StructSchema } from "../../../shared/apimachinery/schema.ts";
import { withNulls } from "../../../shared/apimachinery/encode.ts";
import { failure } from "../chain/failure.ts";
import type { Answer, Format, Result } from "../chain/types.ts";
import { bytesOf, objectOf } from "../registry/convert.ts";
import { partialOf, rowOf, tableOf } from "../table/table.ts";
import { itemByItem, textOf, type MadeList } from "./items.ts";
import { emptyList, jsonList, listKindOf, protobufForm, protobufList } from "./list.ts";
import { tableOptions } from "./table-options.ts";
import { watchEncoder } from "./watch.ts";

/** Starts a watch that writes frames; returns how to stop it. */
export type EncodedWatch = (out: { write(frame: Uint8Array): boolean; end(): void }) => () => void;

export interface Encoded {
  code: number;
  headers: Record<string, string | string[]>;
  body?: Uint8Array | string;
  /** Instead of a body: slices to be written one after the other. */
  chunks?: Iterator<Uint8Array>;
  watch?: EncodedWatch;
  /** Instead of a body: bytes of a backend as they come. */
  stream?: Readable;
}

export function encode(answer: Answer): Encoded {
  const { result, format } = answer;
  if (result.type === "stream") return { ...result.answer, ...bodyOf(result.answer.body) };
  try {
    const encoded = content(result, format) as Content & Encoded;
    encoded.headers = headersOf(answer, encoded.contentType ?? format.contentType);
    return encoded;
  } catch (error) {
    if (result.type === "object" && result.code >= 400) throw error;
    return encode(failure(error, format, answer.warnings));
  }
}

const bodyOf = (body: Readable | string) => (typeof body === "string" ? { body } : { body: undefined, stream: body });

interface Content extends Omit<Encoded, "headers"> {
  contentType?: string;
}

function content(result: Exclude<Result, { type: "stream" }>, format: Format): Content {
  switch (result.type) {
    case "raw":
      return { code: result.code, body: result.body, contentType: result.contentType };
    case "watch": {
      const encoder = watchEncoder(result.served, format);
      const watch: EncodedWatch = (out) =>
        result.start({ send: (event) => out.write(encoder.frame(event)), end: () => out.end() });
      return { code: 200, watch, contentType: encoder.contentType };
    }
    case "list":
      return { code: 200, ...listContent(result, format) };
    case "entry":
      if (format.media === "json" && !format.as && !format.pretty)
        return { code: result.code, body: bytesOf(result.entry, result.served) };
      return { code: result.code, body: one(objectOf(result.entry, result.served), result.served.kind.schema, format, result) };
    case "object":
      return { code: result.code, body: one(result.object as KubeObject, schemaOf(result), format, result) };
  }
}

function headersOf(answer: Answer, contentType: string): Record<string, string> {
  const headers: Record<string, string> = { "cache-control": "no-cache, private" };
  if (contentType) headers["content-type"] = contentType;
  if (answer.headers) Object.assign(headers, answer.headers);
  if (answer.warnings.length) headers.warning = answer.warnings.map(formatWarning).join(", ");
  return headers;
}

/** `299 - "text"`: quoted as HTTP wants it. */
function formatWarning(text: string): string {
  return `299 - "${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, " ")}"`;
}

function schemaOf(result: Extract<Result, { type: "object" }>): StructSchema | undefined {
  if ((result.object as KubeObject).kind === "Status") return statusSchema();
  return result.schema ?? result.served?.kind.schema;
}

const statusSchema = () => structSchema("io.k8s.apimachinery.pkg.apis.meta.v1.Status");

function one(object: KubeObject, schema: StructSchema | undefined, format: Format, result: Result): Uint8Array | string {
  const convertible = object.kind !== "Status" && "served" in result && result.served;
  const { as } = format;
  if (!convertible || !as) return serializeAs(schema ? withNulls(schema, object) : object, format, schema, object);
  // A list that is computed is an object, too.
  const items = object.kind === listKindOf(convertible) ? (object as KubeObject & { items: KubeObject[] }).items : undefined;
  if (as.kind === "Table") {
    const metadata = object.metadata.resourceVersion ? { resourceVersion: object.metadata.resourceVersion } : {};
    return serializeAs(
      tableOf(convertible.kind, items ?? [object], metadata, { ...tableOptions(format), headers: true }),
      format,
    );
  }
  if ((as.kind === "PartialObjectMetadataList") !== Boolean(items)) throw notAcceptable(notOfThatForm(as.kind, object.kind));
  const partial = items
    ? { ...partialList({}, as.version), items: items.map((item) => partialOf(item, as.version)) }
    : partialOf(object, as.version);
  return serializePartial(partial, format, as.kind);
}

function listContent(result: Extract<Result, { type: "list" }>, format: Format): Omit<Content, "code"> {
  const { served, entries, meta } = result;
  if (!format.as && format.media === "json" && !format.pretty) return { chunks: jsonList(served, entries, meta) };
  const form = protobufForm(format);
  if (form) return { chunks: protobufList(served, entries, meta, form) };
  if (format.as?.kind === "PartialObjectMetadata") throw notAcceptable(notOfThatForm(format.as.kind, listKindOf(served)));
  if (format.media === "protobuf") throw noMessage();
  return { chunks: itemByItem(madeList(result, format), format) };
}

function madeList({ served, entries, meta }: Extract<Result, { type: "list" }>, format: Format): MadeList {
  const { kind } = served;
  const made = (make: (object: KubeObject) => unknown) => each(entries, (entry) => make(objectOf(entry, served)));
  if (format.as?.kind === "Table") {
    const options = { ...tableOptions(format), headers: true };
    return { empty: tableOf(kind, [], meta, options), field: "rows", items: made((o) => rowOf(kind, o, options)) };
  }
  if (format.as) {
    const { version } = format.as;
    return { empty: partialList(meta, version), field: "items", items: made((o) => partialOf(o, version)) };
  }
  const typed = Boolean(kind.schema.dynamic);
  const items = made((o) => itemOf(withNulls(kind.schema, o) as KubeObject, typed));
  return { empty: emptyList(served, meta), field: "items", items };
}

function* each<T>(entries: readonly T[], make: (entry: T) => unknown): Generator<unknown> {
  for (const entry of entries) yield make(entry);
}

const partialList = (metadata: object, version: string) => ({
  kind: "PartialObjectMetadataList",
  apiVersion: `meta.k8s.io/${version}`,
  metadata,
  items: [],
});

/** Items of a built-in list do not name their type. */
function itemOf(object: KubeObject, typed: boolean): object {
  if (typed) return object;
  const { kind: _kind, apiVersion: _version, ...rest } = object;
  return rest;
}

const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";

function serializePartial(value: object, format: Format, kind: string): Uint8Array | string {
  return serializeAs(value, format, format.media === "protobuf" ? structSchema(META + kind) : undefined, value as KubeObject);
}

/** `normal`: the value before nulls were filled in, which is what protobuf is made of. */
export function serializeAs(value: unknown, format: Format, schema?: StructSchema, normal?: object): Uint8Array | string {
  if (format.media !== "protobuf") return textOf(value, format);
  if (schema?.proto) return encodeProtobuf(schema, normal as KubeObject);
  throw noMessage();
}

const noMessage = () =>
  notAcceptable("object does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message");

const notOfThatForm = (form: string, kind = "") =>
  `you requested ${form}, but the requested object is ${form === "PartialObjectMetadata" ? "a list" : "not a list"} (*${kind})`;
