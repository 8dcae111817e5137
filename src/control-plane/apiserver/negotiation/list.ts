/** Lists put together of their items' bytes, in slabs that can be written one after the other. */
import { structSchema } from "../../../shared/api/schemas.ts";
import { encodeListPieces, encodeMessage } from "../../../shared/apimachinery/protobuf/index.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import type { ListMeta } from "../chain/types.ts";
import { bytesOf, objectOf } from "../registry/convert.ts";
import type { Served } from "../registry/resources.ts";

/** A list is written in slices of about this size. */
const SLAB = 256 << 10;
/** Making items takes longer than copying them. */
const MADE_SLAB = 64 << 10;

const firstItem = Buffer.from("{");
const nextItem = Buffer.from(",{");
const comma = Buffer.from(",");
const listEnd = Buffer.from("]}");

const listKindOf = ({ kind }: Served) => kind.listKind ?? `${kind.kind}List`;

/** Items of built-in kinds come without kind and apiVersion, those of custom resources with them. */
export function* jsonList(served: Served, entries: readonly CachedObject[], meta: ListMeta): Generator<Uint8Array> {
  const { kind, head } = served;
  const typed = Boolean(kind.schema.dynamic);
  if (typed) meta = { continue: "", ...meta };
  const start = `{"kind":${JSON.stringify(listKindOf(served))},"apiVersion":${JSON.stringify(kind.groupVersion)},"metadata":${JSON.stringify(meta)},"items":[`;
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

/** What is made item by item (rows, metadata alone), while it is written: of any length, it holds up nobody. */
export function* jsonItems(start: string, items: Iterable<unknown>): Generator<Uint8Array> {
  let text = start;
  let separator = "";
  for (const item of items) {
    text += separator + JSON.stringify(item);
    separator = ",";
    if (text.length < MADE_SLAB) continue;
    yield Buffer.from(text);
    text = "";
  }
  yield Buffer.from(`${text}]}`);
}

export function protobufList(served: Served, entries: readonly CachedObject[], meta: ListMeta): Uint8Array[] {
  const { kind } = served;
  const type = { apiVersion: kind.groupVersion, kind: listKindOf(served) };
  const listMeta = encodeMessage(structSchema("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"), meta);
  return encodeListPieces(
    type,
    listMeta,
    entries.map((e) => protobufOf(e, served)),
  );
}

/** The message of a cached object, without envelope. */
export function protobufOf(entry: CachedObject, served: Served): Uint8Array {
  return entry.derived(`${served.kind.groupVersion} protobuf`, () => encodeMessage(served.kind.schema, objectOf(entry, served)));
}
