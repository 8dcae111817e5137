/**
 * An answer as bytes. Cached objects are written as they lie in the cache; lists are put together of their items' bytes in slabs.
 */
import type { CachedObject } from "../cache/cached-object.ts";
import type { Answer, Format, ListMeta, OutgoingEvent, Result } from "../chain/types.ts";
import type { Served } from "../registry/resources.ts";

/** Starts a watch that writes frames; returns how to stop it. */
export type EncodedWatch = (out: { write(frame: Buffer): boolean; end(): void }) => () => void;

export interface Encoded {
  code: number;
  headers: Record<string, string>;
  body?: Uint8Array | string;
  /** Instead of a body: slices to be written one after the other. */
  chunks?: Iterator<Buffer>;
  watch?: EncodedWatch;
}

/** A list is written in slices of about this size. */
const SLAB = 256 << 10;

export function encode(answer: Answer): Encoded {
  const { result, format } = answer;
  const headers: Record<string, string> = {
    "cache-control": "no-cache, private",
    "content-type": format.contentType,
    ...answer.headers,
  };
  if (answer.warnings.length) headers.warning = answer.warnings.map(formatWarning).join(", ");
  switch (result.type) {
    case "raw":
      return {
        code: result.code,
        headers: { ...headers, "content-type": result.contentType, ...result.headers },
        body: result.body,
      };
    case "watch":
      return { code: 200, headers, watch: encodeWatch(result, format) };
    case "list":
      return { code: 200, headers, chunks: jsonList(result.served, result.entries, result.meta) };
    case "entry":
      return { code: result.code, headers, body: jsonEntry(result.served, result.entry) };
    case "object":
      return { code: result.code, headers, body: JSON.stringify(result.object) };
  }
}

/** `299 - "text"`: quoted as HTTP wants it. */
function formatWarning(text: string): string {
  return `299 - "${text.replace(/[\\"]/g, "\\$&")}"`;
}

export function jsonEntry(_served: Served, entry: CachedObject): Buffer {
  return entry.bytes;
}

function* jsonList(served: Served, entries: readonly CachedObject[], meta: ListMeta): Generator<Buffer> {
  const { kind } = served;
  const head = `{"kind":${JSON.stringify(kind.listKind ?? `${kind.kind}List`)},"apiVersion":${JSON.stringify(kind.groupVersion)},"metadata":${JSON.stringify(meta)},"items":[`;
  let parts: Uint8Array[] = [Buffer.from(head)];
  let size = parts[0]!.length;
  for (let i = 0; i < entries.length; i++) {
    const item = entries[i]!.item;
    parts.push(i ? nextItem : firstItem, item);
    size += item.length + 2;
    if (size < SLAB) continue;
    yield Buffer.concat(parts);
    parts = [];
    size = 0;
  }
  parts.push(listEnd);
  yield Buffer.concat(parts);
}

const firstItem = Buffer.from("{");
const nextItem = Buffer.from(",{");
const listEnd = Buffer.from("]}");

function encodeWatch(result: Extract<Result, { type: "watch" }>, _format: Format): EncodedWatch {
  return (out) =>
    result.start({
      send: (event) => out.write(frameOf(event)),
      end: () => out.end(),
    });
}

function frameOf(event: OutgoingEvent): Buffer {
  const shared = event.frames?.get(event.type);
  if (shared) return shared;
  const object = event.entry ? event.entry.bytes : Buffer.from(JSON.stringify(event.object));
  const frame = Buffer.concat([Buffer.from(`{"type":"${event.type}","object":`), object, frameEnd]);
  event.frames?.set(event.type, frame);
  return frame;
}

const frameEnd = Buffer.from("}\n");
