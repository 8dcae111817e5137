/** Lists put together of their items' bytes, in slabs that can be written one after the other. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { structSchema } from "../../../shared/api/schemas.ts";
import { encodeListPieces, encodeMessage } from "../../../shared/apimachinery/protobuf/index.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import type { Format, ListMeta } from "../chain/types.ts";
import { bytesOf, objectOf } from "../registry/convert.ts";
import type { Served } from "../registry/resources.ts";
import { partialOf } from "../table/table.ts";

/** A list is written in slices of about this size. */
const SLAB = 256 << 10;
/** So many items are encoded between two turns of the event loop. */
const AHEAD = 200;
const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";

const firstItem = Buffer.from("{");
const nextItem = Buffer.from(",{");
const comma = Buffer.from(",");
const listEnd = Buffer.from("]}");

export const listKindOf = ({ kind }: Served) => kind.listKind ?? `${kind.kind}List`;

export const emptyList = (served: Served, meta: ListMeta) => ({
  kind: listKindOf(served),
  apiVersion: served.kind.groupVersion,
  metadata: served.kind.schema.dynamic ? { continue: "", ...meta } : meta,
  items: [],
});

/** Items of built-in kinds come without kind and apiVersion, those of custom resources with them. */
export function* jsonList(served: Served, entries: readonly CachedObject[], meta: ListMeta): Generator<Uint8Array> {
  const { head } = served;
  const typed = Boolean(served.kind.schema.dynamic);
  const start = JSON.stringify(emptyList(served, meta)).slice(0, -listEnd.length);
  let parts: Uint8Array[] = [Buffer.from(start)];
  let size = 0;
  for (let i = 0; i < entries.length; i++) {
    const bytes = bytesOf(entries[i]!, served);
    if (typed) {
      if (i) parts.push(comma);
      parts.push(bytes);
    } else parts.push(i ? nextItem : firstItem, bytes.subarray(head.itemOffset));
    size += bytes.length;
    if (size < SLAB) continue;
    yield Buffer.concat(parts);
    parts = [];
    size = 0;
  }
  parts.push(listEnd);
  yield Buffer.concat(parts);
}

export function protobufList(
  served: Served,
  entries: readonly CachedObject[],
  meta: ListMeta,
  form: ProtobufForm,
): Generator<Uint8Array> {
  const { kind } = served;
  const type = form.metadata
    ? { apiVersion: `meta.k8s.io/${form.metadata}`, kind: "PartialObjectMetadataList" }
    : { apiVersion: kind.groupVersion, kind: listKindOf(served) };
  const listMeta = encodeMessage(structSchema(`${META}ListMeta`), meta);
  return slabs(encodeListPieces(type, listMeta, entries.map(messageIn(served, form))));
}

/** Whole objects, or the metadata alone in a version of meta.k8s.io. */
export interface ProtobufForm {
  metadata?: "v1" | "v1beta1";
}

/** undefined: a list in this format is not put together of messages. */
export function protobufForm({ media, as }: Format): ProtobufForm | undefined {
  if (media !== "protobuf") return undefined;
  if (!as) return {};
  return as.kind === "PartialObjectMetadataList" ? { metadata: as.version } : undefined;
}

/** A list's length is told before its items: a long one is encoded some items at a time before it is answered. undefined: no need. */
export function encodedAhead(served: Served, entries: readonly CachedObject[], format: Format): Promise<void> | undefined {
  const form = protobufForm(format);
  return form && entries.length > AHEAD ? encodeInTurns(entries, messageIn(served, form)) : undefined;
}

async function encodeInTurns(entries: readonly CachedObject[], encode: (entry: CachedObject) => unknown): Promise<void> {
  for (let i = 0; i < entries.length; i++) {
    encode(entries[i]!);
    if (i % AHEAD === AHEAD - 1) await nextTurn();
  }
}

function messageIn(served: Served, { metadata }: ProtobufForm): (entry: CachedObject) => Uint8Array {
  if (!metadata) return (entry) => protobufOf(entry, served);
  const schema = structSchema(`${META}PartialObjectMetadata`);
  const make = (entry: CachedObject) => encodeMessage(schema, partialOf(objectOf(entry, served), metadata));
  return (entry) => entry.derived(`${served.kind.groupVersion} metadata protobuf`, make);
}

/** Many small pieces as a few writes. */
function* slabs(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for (const piece of pieces) {
    parts.push(piece);
    size += piece.length;
    if (size < SLAB) continue;
    yield Buffer.concat(parts);
    parts = [];
    size = 0;
  }
  yield Buffer.concat(parts);
}

/** The message of a cached object, without envelope. */
export function protobufOf(entry: CachedObject, served: Served): Uint8Array {
  return entry.derived(`${served.kind.groupVersion} protobuf`, () => encodeMessage(served.kind.schema, objectOf(entry, served)));
}
