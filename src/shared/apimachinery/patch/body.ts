/**
 * The body of a PATCH: which kind of patch it is, read with upstream's words for what is wrong with it.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go v1.36
 */
import { toText } from "../decode.ts";
import { badRequest } from "../errors.ts";
import type { FieldValidation } from "../body.ts";
import { goSyntaxError, NumberText, parseExact, RepeatedKeys, surveyJson } from "../json-text.ts";
import { isObject, jsonKind, setMember, type JsonObject } from "./json.ts";

export type PatchType = "json" | "merge" | "strategic" | "apply";

const TYPES: Readonly<Record<string, PatchType>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

/** By content type, whose parameters do not matter; undefined for any other (415). */
export function patchTypeOf(contentType: string | undefined): PatchType | undefined {
  return TYPES[(contentType ?? "").replace(/(?<=.);.*$/, "")];
}

export interface PatchBody {
  type: PatchType;
  value: unknown;
  /** Repeated and unknown members of the patch itself, as texts; empty where `fieldValidation` is Ignore. */
  problems: string[];
}

/**
 * @throws 400 where the body cannot be read. What it says when applied comes later
 */
export async function readPatch(type: PatchType, bytes: Uint8Array, validation: FieldValidation): Promise<PatchBody> {
  const text = toText(bytes);
  if (type === "apply") return readApply(text, validation);
  const strict = validation !== "Ignore";
  const value = readJson(type, text, strict);
  const problems: string[] = [];
  const plain = withoutRepeats(value, "", problems, type === "strategic");
  if (!strict) return { type, value: plain, problems: [] };
  if (type === "json") checkOperations(plain, problems);
  else checkIsObject(plain, type === "merge" ? "error decoding patch: " : "");
  return { type, value: plain, problems: type === "json" ? problems.map((problem) => `json patch ${problem}`) : problems };
}

async function readApply(text: string, validation: FieldValidation): Promise<PatchBody> {
  const { parseYaml, YamlError } = await import("../yaml.ts");
  try {
    const { value, duplicates } = parseYaml(text);
    if (value !== null && !isObject(value)) {
      const into = "while decoding JSON: json: cannot unmarshal";
      throw badRequest(
        `error decoding YAML: error unmarshaling JSON: ${into} ${jsonKind(value)} into Go value of type map[string]interface {}`,
      );
    }
    return { type: "apply", value, problems: validation === "Ignore" ? [] : duplicates };
  } catch (error) {
    if (error instanceof YamlError) throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
    throw error;
  }
}

function readJson(type: PatchType, text: string, strict: boolean): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const syntax = goSyntaxError(text);
    if (strict && type !== "strategic") throw badRequest(`error decoding patch: ${syntax}`);
    throw badRequest(type === "merge" ? "Invalid JSON Patch" : syntax);
  }
  const { pairs, oddNumbers } = surveyJson(text);
  return oddNumbers || pairs !== countMembers(value) ? parseExact(text) : value;
}

function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const parts = Object.values(value);
  return parts.reduce<number>((sum, part) => sum + countMembers(part), Array.isArray(value) ? 0 : parts.length);
}

/** Of repeated members the last counts; `problems` gets the paths of the others. */
function withoutRepeats(value: unknown, path: string, problems: string[], plainNumbers: boolean): unknown {
  if (value instanceof NumberText) return plainNumbers ? Number(value.text) : value;
  if (Array.isArray(value)) return value.map((item, i) => withoutRepeats(item, `${path}[${i}]`, problems, plainNumbers));
  if (typeof value !== "object" || value === null) return value;
  const keys = value instanceof RepeatedKeys ? value.keys : Object.keys(value);
  const result: JsonObject = {};
  keys.forEach((key, i) => {
    const below = path ? `${path}.${key}` : key;
    if (Object.hasOwn(result, key)) problems.push(`duplicate field ${JSON.stringify(below)}`);
    const part = value instanceof RepeatedKeys ? value.values[i] : (value as JsonObject)[key];
    setMember(result, key, withoutRepeats(part, below, problems, plainNumbers));
  });
  return result;
}

const OPERATION_MEMBERS = ["op", "path", "from", "value"];

function checkOperations(value: unknown, problems: string[]): void {
  if (value === null) return;
  const wrong = (found: unknown, where: string) =>
    badRequest(`error decoding patch: json: cannot unmarshal ${jsonKind(found)} into Go ${where}`);
  if (!Array.isArray(value)) throw wrong(value, "value of type []handlers.jsonPatchOp");
  value.forEach((operation, i) => {
    if (operation === null) return;
    if (!isObject(operation)) throw wrong(operation, "value of type handlers.jsonPatchOp");
    for (const name of Object.keys(operation)) {
      if (!OPERATION_MEMBERS.includes(name)) problems.push(`unknown field ${JSON.stringify(`[${i}].${name}`)}`);
      else if (name !== "value" && typeof operation[name] !== "string" && operation[name] !== null)
        throw wrong(operation[name], `struct field jsonPatchOp.${name} of type string`);
    }
  });
}

function checkIsObject(value: unknown, prefix: string): void {
  if (value === null || isObject(value)) return;
  throw badRequest(`${prefix}json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`);
}
