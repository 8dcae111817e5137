/**
 * From a live object and a patch to the object that the patch makes of it.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go, staging/src/k8s.io/apimachinery/pkg/runtime/converter.go v1.36
 */
import { wrongCustomKind, type FieldValidation } from "../body.ts";
import { DecodeError, decodeValue } from "../decode.ts";
import { withNulls } from "../encode.ts";
import { apiError, invalid, type ApiError } from "../errors.ts";
import { invalidValue } from "../field-error.ts";
import { NumberText } from "../json-text.ts";
import type { KubeObject } from "../meta.ts";
import { nameApplied } from "./apply.ts";
import type { PatchBody } from "./body.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { goPrint, isObject, type JsonObject } from "./json.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { fieldScope, type ManagedKind } from "./scope.ts";
import { applyStrategicPatch } from "./strategic.ts";
import { convertUnstructured } from "./unstructured.ts";

export interface Patched {
  /** In normal form, not defaulted. */
  object: KubeObject;
  /** For `Warning` headers. */
  warnings: string[];
}

/**
 * Applies a JSON, merge or strategic patch to a live object.
 *
 * @throws 422 on field `patch` where the result is no object of the kind, and what the patch functions throw
 */
export function patchObject(kind: ManagedKind, live: KubeObject, patch: PatchBody, validation: FieldValidation): Patched {
  const document = withNulls(kind.schema, live);
  if (patch.type === "strategic") return patchStrategically(kind, document, patch, validation);
  const patched = (to: unknown) => (patch.type === "json" ? applyJsonPatch(to, patch.value) : applyMergePatch(to, patch.value));
  const result = patched(document);
  const shown = () => JSON.stringify(patched(inFieldOrder(kind, live)), plainNumbers);
  const { group, version } = kind;
  if (kind.schema.dynamic && isObject(result) && result.kind !== kind.kind && result.apiVersion === `${group}/${version}`)
    throw wrongCustomKind(kind, String(result.kind ?? ""), result);
  if (kind.schema.dynamic && isObject(result) && result.kind === kind.kind && result.apiVersion !== `${group}/${version}`)
    throw invalid({ group, resource: kind.kind }, nameOf(result), [
      invalidValue("apiVersion", result.apiVersion ?? "", `must be ${group}/${version}`),
    ]);
  if (isObject(result)) checkKind(kind, result, shown);
  return decodeResult(kind, result, patch, validation, shown);
}

/** As Go writes it, whatever order the members came to be in. */
const inFieldOrder = ({ schema }: ManagedKind, live: KubeObject) => withNulls(schema, decodeValue(schema, live).object);
const plainNumbers = (_: string, value: unknown) => (value instanceof NumberText ? Number(value.text) : value);

const nameOf = ({ metadata }: JsonObject) => (isObject(metadata) ? String(metadata.name ?? "") : "");

function patchStrategically(kind: ManagedKind, document: unknown, patch: PatchBody, validation: FieldValidation): Patched {
  if (kind.schema.dynamic) throw apiError(400, "BadRequest", "strategic merge patch format is not supported");
  const shown = () => goPrint(patch.value);
  const result = applyStrategicPatch(document, patch.value, kind.schema);
  // The type of the object is not the patch's business here.
  delete result.apiVersion;
  delete result.kind;
  const converted = guarded(shown, () => convertUnstructured(result, kind.schema));
  const patched = decodeResult(kind, converted, patch, validation, shown);
  return { ...patched, warnings: [...patched.warnings].sort() };
}

function checkKind({ kind, group, version }: ManagedKind, result: JsonObject, shown: () => string): void {
  const expected = group ? `${group}/${version}` : version;
  const [givenKind, givenVersion] = [result.kind || kind, result.apiVersion || expected];
  if (givenKind === kind && givenVersion === expected) return;
  const registry = `in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  throw refused(
    shown,
    `no kind ${JSON.stringify(givenKind)} is registered for version ${JSON.stringify(givenVersion)} ${registry}`,
  );
}

function decodeResult(
  kind: ManagedKind,
  result: unknown,
  patch: PatchBody,
  validation: FieldValidation,
  shown: () => string,
): Patched {
  const strict = validation !== "Ignore";
  const decoded = guarded(shown, () => decodeValue<KubeObject>(kind.schema, result, { strict, sorted: true }));
  const problems = [...patch.problems, ...decoded.strict];
  if (validation === "Strict" && problems.length > 0) throw refused(shown, `strict decoding error: ${problems.join(", ")}`);
  return { object: completed(kind, decoded.object), warnings: strict ? problems : [] };
}

function guarded<T>(shown: () => string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw refused(shown, error.message);
    throw error;
  }
}

function refused(shown: () => string, message: string): ApiError {
  return invalid({ group: "", resource: "" }, "", [invalidValue("patch", shown(), message)]);
}

function completed({ kind, group, version }: ManagedKind, object: KubeObject): KubeObject {
  const metadata = (object.metadata ?? {}) as KubeObject["metadata"];
  return { ...object, kind, apiVersion: group ? `${group}/${version}` : version, metadata };
}

/**
 * The result of an apply as an object of the kind, not defaulted.
 *
 * @param config what was applied
 * @throws a plain 500 where a value does not fit
 */
export function decodeApplied(kind: ManagedKind, applied: JsonObject, config: unknown): KubeObject {
  try {
    const converted = convertUnstructured(applied, kind.schema);
    return completed(kind, decodeValue<KubeObject>(kind.schema, converted).object);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const name = nameApplied(config as JsonObject, fieldScope(kind, ""));
    const text = `unable to convert unstructured object to ${kind.group}/${kind.version}, Kind=${kind.kind}: ${error.message}`;
    throw apiError(500, "", `failed to convert new object (${name}) to proper version: ${text}`);
  }
}
