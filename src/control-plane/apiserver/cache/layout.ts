/**
 * How an object lies in the store and in memory, so that nothing is stringified twice.
 *
 * Stored: `{"kind":"Pod","apiVersion":"v1","metadata":{"name":…},…}` without a resourceVersion (it is known only after the write).
 * In memory the revision is spliced in right after the head: `…"metadata":{"resourceVersion":"7","name":…`. A list item is the
 * same bytes without kind and apiVersion. All three need only the length of the head, which kind and apiVersion determine.
 */
import { withNulls } from "../../../shared/apimachinery/encode.ts";
import type { StructSchema } from "../../../shared/apimachinery/schema.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";

export interface Head {
  /** `{"kind":"Pod","apiVersion":"v1","metadata":{` */
  readonly bytes: Buffer;
  /** Length of `{"kind":"Pod","apiVersion":"v1",`: a list item continues from here. */
  readonly itemOffset: number;
}

const heads = new Map<string, Head>();

export function headOf(kind: string, apiVersion: string): Head {
  const id = `${kind}\0${apiVersion}`;
  let head = heads.get(id);
  if (!head) {
    const type = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`;
    head = { bytes: Buffer.from(`${type}"metadata":{`), itemOffset: Buffer.byteLength(type) };
    heads.set(id, head);
  }
  return head;
}

/** The stored form of an object in normal form; its resourceVersion is left out. */
export function serialize(schema: StructSchema, normal: KubeObject): Buffer {
  const object = withNulls(schema, normal) as KubeObject;
  const { kind, apiVersion } = object;
  const metadata = JSON.stringify(
    object.metadata.resourceVersion === undefined ? object.metadata : { ...object.metadata, resourceVersion: undefined },
  );
  let text = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${metadata}`;
  for (const key of Object.keys(object)) {
    if (key === "kind" || key === "apiVersion" || key === "metadata") continue;
    const value = JSON.stringify((object as unknown as Record<string, unknown>)[key]);
    if (value !== undefined) text += `,${JSON.stringify(key)}:${value}`;
  }
  return Buffer.from(`${text}}`);
}

/** Puts the revision into stored bytes. */
export function withRevision(stored: Buffer, head: Head, revision: number): Buffer {
  const at = head.bytes.length;
  const text = `"resourceVersion":"${revision}"${stored[at] === CLOSE ? "" : ","}`;
  const bytes = Buffer.allocUnsafeSlow(stored.length + text.length);
  stored.copy(bytes, 0, 0, at);
  bytes.write(text, at, "latin1");
  stored.copy(bytes, at + text.length, at);
  return bytes;
}

/** Takes the revision out again. */
export function withoutRevision(bytes: Buffer, head: Head, revision: number): Buffer {
  const at = head.bytes.length;
  let end = at + `"resourceVersion":"${revision}"`.length;
  if (bytes[end] === COMMA) end++;
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
}

const CLOSE = 0x7d;
const COMMA = 0x2c;
