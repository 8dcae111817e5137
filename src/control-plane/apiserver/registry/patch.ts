/**
 * PATCH: four kinds of patch, each giving the next state of the stored object; and server-side apply, which may create it.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go v1.36
 */
import { apiError, badRequest, conflict } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject, ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import {
  applyConfiguration,
  decodeApplied,
  patchObject,
  patchTypeOf,
  readPatch,
  type PatchBody,
} from "../../../shared/apimachinery/patch/index.ts";
import { authorizeAs } from "../chain/authorize.ts";
import type { Result } from "../chain/types.ts";
import { MAX_BODY_BYTES, setDefaults } from "../negotiation/decode.ts";
import { createObject, matchName } from "./create.ts";
import { matchNamespace } from "./hooks.ts";
import type { Operation } from "./operation.ts";
import { writeOptions, type WriteOptions } from "./options.ts";
import { ownUpdated, writerOf } from "./ownership.ts";
import { change } from "./update.ts";

export async function patch(op: Operation): Promise<Result> {
  const { request, served } = op;
  const type = patchTypeOf(request.headers["content-type"]);
  if (!type || (type === "strategic" && served.kind.schema.dynamic)) throw unsupported();
  const bytes = await request.body(MAX_BODY_BYTES);
  const options = writeOptions(op.query, "PatchOptions", type === "apply");
  const body = await readPatch(type, bytes, options.fieldValidation);
  if (type === "apply") return apply(op, body, options);
  return change(op, options, { next: (live) => patched(op, live, body, options) });
}

const unsupported = () => apiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});

function patched(op: Operation, live: KubeObject, body: PatchBody, options: WriteOptions): KubeObject {
  const { kind } = op.served;
  const { object, warnings } = patchObject(kind, live, body, options.fieldValidation);
  warn(op, warnings);
  setDefaults(kind, object);
  ownUpdated(op, live, object);
  matchNamespace(op, object);
  matchName(op, object);
  return object;
}

function apply(op: Operation, body: PatchBody, options: WriteOptions): Promise<Result> {
  const writer = { ...writerOf(op), manager: options.fieldManager };
  const applied = (live: KubeObject | undefined): KubeObject => {
    const { object } = applyConfiguration(live as never, body.value, writer, options.force);
    if (options.fieldValidation === "Strict" && body.problems.length)
      throw badRequest(`error strict decoding YAML: error unmarshaling JSON: ${body.problems.join(", ")}`);
    warn(op, body.problems);
    const decoded = decodeApplied(op.served.kind, object);
    setDefaults(op.served.kind, decoded);
    if (decoded.metadata.uid && !live)
      throw conflict(
        op.served.ref,
        op.info.name,
        `uid mismatch: the provided object specified uid ${decoded.metadata.uid}, and no existing object was found`,
      );
    matchNamespace(op, decoded);
    matchName(op, decoded);
    return decoded;
  };
  if (op.info.subresource) return change(op, options, { next: applied });
  return change(op, options, { next: applied, create: () => createApplied(op, applied(undefined), options) });
}

/** An apply that creates needs the right to create, too. */
async function createApplied(op: Operation, object: KubeObject, options: WriteOptions): Promise<Result> {
  await authorizeAs(op.core, op.user, { ...op.info, verb: "create" });
  delete (object.metadata as Partial<ObjectMeta>).resourceVersion;
  return createObject(op, object, options);
}

function warn(op: Operation, warnings: readonly string[]): void {
  for (const text of warnings) if (!op.warnings.includes(text)) op.warnings.push(text);
}
