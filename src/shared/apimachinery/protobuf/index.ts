/** Protobuf for every struct schema: messages, the `k8s\0` envelope, lists, watch frames. */
import type { StructSchema } from "../schema.ts";
import { decodeMessage } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import { decodeEnvelope, encodeEnvelope } from "./envelope.ts";

export { BackwardWriter, FIXED64, VARINT } from "./wire.ts";
export { decodeMessage } from "./decode.ts";
export { encodeMessage } from "./encode.ts";
export {
  decodeEnvelope,
  decodeWatchFrame,
  encodeEnvelope,
  encodeListPieces,
  encodeWatchFrame,
  hasMagic,
  PROTOBUF_MAGIC_TEXT,
} from "./envelope.ts";

/** An object in normal form, enveloped under its own kind and apiVersion. */
export function encodeProtobuf(schema: StructSchema, object: { kind?: string; apiVersion?: string }): Buffer {
  return encodeEnvelope({ apiVersion: object.apiVersion ?? "", kind: object.kind ?? "" }, encodeMessage(schema, object));
}

/** The object of an envelope, with the kind and apiVersion that stand there. Throws `DecodeError`. */
export function decodeProtobuf<T = Record<string, unknown>>(schema: StructSchema, bytes: Uint8Array): T {
  const envelope = decodeEnvelope(bytes);
  const object = decodeMessage(schema, envelope.raw);
  return {
    ...(envelope.kind && { kind: envelope.kind }),
    ...(envelope.apiVersion && { apiVersion: envelope.apiVersion }),
    ...object,
  } as T;
}
