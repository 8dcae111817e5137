/**
 * PATCH: four kinds of patch, each giving the next state of the stored object; and server-side apply, which may create it.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go v1.36
 */
import { DecodeError } from "../../../shared/apimachinery/decode.ts";
import { apiError, badRequest, conflict } from "../../../shared/apimachinery/errors.ts";
import { encodeJson, withNulls } from "../../../shared/apimachinery/encode.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { applyConfiguration, applyJsonPatch, applyMergePatch, applyStrategicPatch } from "../../../shared/apimachinery/patch/index.ts";
import type { Result } from "../chain/types.ts";
import { mediaTypeOf, setDefaults } from "../negotiation/decode.ts";
import { createObject, matchName } from "./create.ts";
import { matchNamespace } from "./hooks.ts";
import type { Operation } from "./operation.ts";
import { writeOptions, type WriteOptions } from "./options.ts";
import { ownUpdated, writerOf } from "./ownership.ts";
import { patchBody, type PatchBody } from "./patch-body.ts";
import { change, LOCKED } from "./update.ts";
void encodeJson;
void DecodeError;
void badRequest;
void conflict;
void LOCKED;
void matchNamespace;

export type PatchType = "json" | "merge" | "strategic" | "apply";

const types: Record<string, PatchType> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

export async function patch(op: Operation): Promise<Result> {
  const type = types[mediaTypeOf(op.request)];
  if (!type || (type === "strategic" && op.served.kind.schema.dynamic)) throw unsupported();
  const options = writeOptions(op.query, "PatchOptions", type === "apply");
  const body = await patchBody(op, type, options);
  return type === "apply" ? applyPatch(op, body, options) : change(op, options, { next: (live) => patched(op, live, type, body, options) });
}

const unsupported = () => apiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});

function patched(op: Operation, live: KubeObject, type: PatchType, body: PatchBody, options: WriteOptions): KubeObject {
  const { kind } = op.served;
  const document = withNulls(kind.schema, live);
  const value =
    type === "json"
      ? applyJsonPatch(document, body.value)
      : type === "merge"
        ? applyMergePatch(document, body.value)
        : applyStrategicPatch(document, body.value, kind.schema);
  const object = body.decode(value, options);
  setDefaults(kind, object);
  ownUpdated(op, live, object);
  return object;
}

function applyPatch(op: Operation, body: PatchBody, options: WriteOptions): Promise<Result> {
  const writer = { ...writerOf(op), manager: options.fieldManager };
  const applied = (live: KubeObject | undefined): KubeObject => {
    const { object } = applyConfiguration(live as never, body.value, writer, options.force);
    const decoded = body.decode(object, options);
    setDefaults(op.served.kind, decoded);
    return decoded;
  };
  const create = op.info.subresource
    ? undefined
    : async () => {
        const object = applied(undefined);
        matchName(op, object);
        return createObject(op, object, options);
      };
  return change(op, options, { next: applied, create });
}
