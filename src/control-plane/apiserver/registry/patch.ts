/**
 * PATCH: four kinds of patch, each giving the next state of the stored object; and server-side apply, which may create it.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go v1.36
 */
import type { Kind } from "../../../shared/api/kind.ts";
import { withNulls } from "../../../shared/apimachinery/encode.ts";
import { apiError, badRequest, conflict, unsupportedMediaType } from "../../../shared/apimachinery/errors.ts";
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
import { parseRevision, plainError, present } from "./read.ts";
import { change } from "./update.ts";

export async function patch(op: Operation): Promise<Result> {
  const request = await readPatchRequest(op, op.served.kind);
  const { options } = request;
  const next = (live: KubeObject) => patched(op, live, request);
  if (request.body.type !== "apply" || op.info.subresource) return change(op, options, { next });
  return change(op, options, { next, create: () => createApplied(op, applied(op, undefined, request), options) });
}

export interface PatchRequest {
  body: PatchBody;
  options: WriteOptions;
  /** Of the patched document: the kind of the path, or of its subresource. */
  kind: Kind<any>;
}

export async function readPatchRequest(op: Operation, kind: Kind<any>): Promise<PatchRequest> {
  const type = patchTypeOf(op.request.headers["content-type"]);
  const custom = op.served.kind.schema.dynamic;
  if (!type || (type === "strategic" && custom)) throw custom ? unsupportedMediaType(CUSTOM_PATCHES) : unsupported();
  const bytes = await op.request.body(MAX_BODY_BYTES);
  const options = writeOptions(op.query, "PatchOptions", type === "apply");
  try {
    return { body: await readPatch(type, bytes, options.fieldValidation), options, kind };
  } catch (error) {
    if (type !== "apply") present(op.served, op.info.namespace, op.info.name); // told first
    throw error;
  }
}

const CUSTOM_PATCHES =
  "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

const unsupported = () => apiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});

/** What the patch makes of a live object, defaulted and with its owners recorded. */
export function patched(op: Operation, live: KubeObject, request: PatchRequest): KubeObject {
  const { kind, body, options } = request;
  if (body.type === "apply") return applied(op, live, request);
  const { object, warnings } = patchObject(kind, live, body, options.fieldValidation);
  warn(op, warnings);
  setDefaults(kind, object);
  ownUpdated(op, live, object, kind === op.served.kind ? undefined : kind);
  matchNamespace(op, object);
  matchName(op, object);
  return object;
}

function applied(op: Operation, live: KubeObject | undefined, { kind, body, options }: PatchRequest): KubeObject {
  const writer = { ...writerOf(op, kind), manager: options.fieldManager };
  // With its nulls: a reference as a whole differs from one that leaves out what Go always writes.
  const before = live && withNulls(kind.schema, live);
  const { object } = applyConfiguration(before as never, body.value, writer, options.force);
  if (options.fieldValidation === "Strict" && body.problems.length) throw strictYaml(body.problems);
  warn(op, body.problems);
  const decoded = decodeApplied(kind, object, body.value);
  setDefaults(kind, decoded, "applied");
  const { uid } = decoded.metadata;
  if (uid && !live) {
    const text = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(op.served.ref, op.info.name, text);
  }
  matchNamespace(op, decoded);
  matchName(op, decoded);
  return decoded;
}

function strictYaml(problems: readonly string[]) {
  const lines = problems.map((problem) => `  ${problem}`).join("\n");
  return badRequest(`error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n${lines}`);
}

/** An apply that creates needs the right to create, too. */
async function createApplied(op: Operation, object: KubeObject, options: WriteOptions): Promise<Result> {
  await authorizeAs(op.core, op.user, { ...op.info, verb: "create" });
  const { resourceVersion = "" } = object.metadata as Partial<ObjectMeta>;
  if (resourceVersion && parseRevision(resourceVersion) === undefined)
    throw plainError(`strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`);
  delete (object.metadata as Partial<ObjectMeta>).resourceVersion;
  return createObject(op, object, options);
}

function warn(op: Operation, warnings: readonly string[]): void {
  for (const text of warnings) if (!op.warnings.includes(text)) op.warnings.push(text);
}
