/** A request body as an object of the kind that the path names. */
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { Operation } from "../registry/operation.ts";

export const MAX_BODY_BYTES = 3 << 20;

export async function decodeObject(op: Operation): Promise<KubeObject> {
  const value =
    op.request.object !== undefined ? structuredClone(op.request.object) : parse(await op.request.body(MAX_BODY_BYTES));
  const object = value as KubeObject;
  const { kind } = op.served;
  object.kind ||= kind.kind;
  object.apiVersion ||= kind.groupVersion;
  object.metadata ??= {} as KubeObject["metadata"];
  return object;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}
