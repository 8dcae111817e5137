/**
 * A request body as an object of the kind that its path names, refused with upstream's texts where it is none.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/handlers (create.go, rest.go transformDecodeError) and the serializers below
 * staging/src/k8s.io/apimachinery/pkg/runtime/serializer v1.36
 */
import { DecodeError, decodeParsed, decodeValue, parseJson, toText, type Decoded } from "./decode.ts";
import { badRequest, invalid, type ApiError } from "./errors.ts";
import { invalidValue } from "./field-error.ts";
import { decodeEnvelope, decodeMessage, hasMagic, PROTOBUF_MAGIC_TEXT } from "./protobuf/index.ts";
import type { StructSchema } from "./schema.ts";

export type BodyFormat = "json" | "yaml" | "protobuf";
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** What the path asks for; every `Kind` is one. */
export interface BodyKind {
  group: string;
  version: string;
  kind: string;
  schema: StructSchema;
  /** Older versions with the same fields, which clients of their time still send. */
  olderVersions?: readonly string[];
  /** The registry that a refusal names; options are refused in the decoder's own words, without saying what was expected. */
  optionsOf?: string;
}

export interface BodyOptions {
  fieldValidation?: FieldValidation;
  /** Whether a body's kind exists at all; the text of the refusal depends on it. */
  registered?: (group: string, version: string, kind: string) => boolean;
}

export interface DecodedBody<T> {
  /** In normal form, with kind and apiVersion. */
  object: T;
  /** For `Warning` headers, where `fieldValidation` is Warn. */
  warnings: string[];
}

/** Throws a 400 `ApiError`. */
export async function decodeBody<T>(
  kind: BodyKind,
  bytes: Uint8Array,
  format: BodyFormat,
  options: BodyOptions = {},
): Promise<DecodedBody<T>> {
  if (format === "protobuf") return { object: finish<T>(kind, decodeProtobufBody(kind, bytes, options).object), warnings: [] };
  const validation = options.fieldValidation ?? "Warn";
  const strict = validation !== "Ignore";
  const { decoded, yamlDuplicates } =
    format === "yaml"
      ? await decodeYamlBody(kind, bytes, options, strict)
      : { decoded: decodeJsonBody(kind, bytes, options, strict), yamlDuplicates: [] };
  if (validation === "Strict") refuseStrict(kind, decoded.strict, yamlDuplicates);
  return { object: finish<T>(kind, decoded.object), warnings: strict ? [...yamlDuplicates, ...decoded.strict] : [] };
}

/** An object that was handed over inside this process: checked and normalized like any other, without a text. */
export function decodeObject<T>(kind: BodyKind, value: unknown, options: BodyOptions = {}): DecodedBody<T> {
  const validation = options.fieldValidation ?? "Warn";
  const decoded = guarded(kind, () => {
    checkType(kind, typeOf(kind, value, ""), value, "", options);
    return decodeValue(kind.schema, value ?? {}, { strict: validation !== "Ignore" });
  });
  if (validation === "Strict") refuseStrict(kind, decoded.strict, []);
  return { object: finish<T>(kind, decoded.object), warnings: decoded.strict };
}

function decodeJsonBody(kind: BodyKind, bytes: Uint8Array, options: BodyOptions, strict: boolean): Decoded {
  const text = toText(bytes);
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw unrecognized(kind, bytes, `couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
  checkType(kind, typeOf(kind, value, bytes), value, bytes, options);
  return guarded(kind, () => decodeParsed(kind.schema, text, value ?? {}, { strict }));
}

async function decodeYamlBody(kind: BodyKind, bytes: Uint8Array, options: BodyOptions, strict: boolean) {
  const { parseYaml, YamlError } = await import("./yaml.ts");
  try {
    const { value, duplicates } = parseYaml(toText(bytes));
    checkType(kind, typeOf(kind, value, bytes), value, bytes, options);
    const decoded = guarded(kind, () => decodeValue(kind.schema, value ?? {}, { strict }));
    return { decoded, yamlDuplicates: strict ? duplicates : [] };
  } catch (error) {
    if (error instanceof YamlError) throw unrecognized(kind, bytes, error.message);
    throw error;
  }
}

function decodeProtobufBody(kind: BodyKind, bytes: Uint8Array, options: BodyOptions): { object: Record<string, unknown> } {
  if (bytes.length === 0) throw unrecognized(kind, bytes, "empty data");
  if (!hasMagic(bytes))
    throw unrecognized(
      kind,
      bytes,
      `provided data does not appear to be a protobuf message, expected prefix ${PROTOBUF_MAGIC_TEXT}`,
    );
  if (bytes.length === 4) throw unrecognized(kind, bytes, "empty body");
  try {
    const envelope = decodeEnvelope(bytes);
    const type = { apiVersion: envelope.apiVersion || groupVersion(kind), kind: envelope.kind || kind.kind };
    checkType(kind, type, type, bytes, options);
    return { object: decodeMessage(kind.schema, envelope.raw) };
  } catch (error) {
    if (error instanceof DecodeError) throw cannotHandle(kind, kind, error.message);
    throw error;
  }
}

const groupVersion = (kind: { group: string; version: string }) => (kind.group ? `${kind.group}/${kind.version}` : kind.version);

interface TypeMeta {
  apiVersion: string;
  kind: string;
}

/** apiVersion and kind of the body, completed from the path. */
function typeOf(kind: BodyKind, value: unknown, bytes: Uint8Array | string): TypeMeta {
  const bad = (text: string) =>
    unrecognized(kind, bytes, `couldn't get version/kind; json parse error: json: cannot unmarshal ${text}`);
  const custom = kind.schema.dynamic && typeof bytes !== "string";
  if ((value === null || value === undefined) && !custom) return { apiVersion: groupVersion(kind), kind: kind.kind };
  if (value === null || value === undefined)
    throw unrecognized(kind, bytes, `Object 'Kind' is missing in '${toText(bytes as Uint8Array)}'`);
  if (typeof value !== "object" || Array.isArray(value)) throw bad(`${goKind(value)} into Go value of type ${TYPE_STRUCT}`);
  const given = value as Record<string, unknown>;
  for (const field of ["apiVersion", "kind"]) {
    const v = given[field] ?? "";
    if (typeof v !== "string") throw bad(`${goKind(v)} into Go struct field .${field} of type string`);
  }
  const missing = kind.schema.dynamic && !given["kind"];
  if (missing)
    throw unrecognized(kind, bytes, `Object 'Kind' is missing in '${typeof bytes === "string" ? bytes : toText(bytes)}'`);
  if (custom && !given["apiVersion"]) throw wrongVersion(kind, "");
  return { apiVersion: (given["apiVersion"] as string) || groupVersion(kind), kind: (given["kind"] as string) || kind.kind };
}

const wrongVersion = (kind: BodyKind, given: string) =>
  badRequest(`the API version in the data (${given}) does not match the expected API version (${groupVersion(kind)})`);

const TYPE_STRUCT = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function checkType(kind: BodyKind, type: TypeMeta, value: unknown, bytes: Uint8Array | string, options: BodyOptions): void {
  if (type.kind === kind.kind && type.apiVersion === groupVersion(kind)) return;
  if (type.kind === kind.kind && kind.olderVersions?.some((version) => type.apiVersion === `${kind.group}/${version}`)) return;
  const parts = type.apiVersion.split("/");
  if (parts.length > 2) throw unrecognized(kind, bytes, `unexpected GroupVersion string: ${type.apiVersion}`);
  const [group, version] = parts.length === 2 ? [parts[0]!, parts[1]!] : ["", parts[0]!];
  const old = group === kind.group && /alpha|beta/.test(version) && version !== kind.version;
  if (kind.schema.dynamic && type.apiVersion === groupVersion(kind)) throw wrongCustomKind(kind, type.kind, value);
  const known = options.registered?.(group, version, type.kind) ?? false;
  if (kind.schema.dynamic || (group === kind.group && type.kind === kind.kind && (known || old)))
    throw wrongVersion(kind, type.apiVersion);
  const found = { version, kind: type.kind };
  if (known)
    throw cannotHandle(
      kind,
      found,
      `converting (${version}.${type.kind}) to (${internalPackage(kind.group)}.${kind.kind}): unknown conversion`,
    );
  throw cannotHandle(
    kind,
    found,
    `no kind ${JSON.stringify(type.kind)} is registered for version ${JSON.stringify(type.apiVersion)} in scheme ${JSON.stringify(kind.optionsOf ?? "pkg/api/legacyscheme/scheme.go:30")}`,
  );
}

/** A custom resource's kind is validated like a field of it. */
export function wrongCustomKind(kind: { group: string; kind: string }, given: string, value: unknown): ApiError {
  const name = (value as { metadata?: { name?: string } } | null)?.metadata?.name ?? "";
  return invalid({ group: kind.group, resource: given }, name, [invalidValue("kind", given, `must be ${kind.kind}`)]);
}

const internalPackage = (group: string) => (group === "" ? "core" : group.split(".")[0]);

function guarded<T>(kind: BodyKind, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw cannotHandle(kind, kind, error.message);
    throw error;
  }
}

function refuseStrict(kind: BodyKind, strict: readonly string[], yamlDuplicates: readonly string[]): void {
  const yaml = yamlDuplicates.length ? [`yaml: unmarshal errors:\n${yamlDuplicates.map((d) => `  ${d}`).join("\n")}`] : [];
  const all = [...yaml, ...strict];
  if (all.length) throw cannotHandle(kind, kind, `strict decoding error: ${all.join(", ")}`);
}

function finish<T>(kind: BodyKind, object: Record<string, unknown>): T {
  if (object["kind"] === kind.kind && object["apiVersion"]) return object as T;
  return { ...object, kind: kind.kind, apiVersion: groupVersion(kind) } as T;
}

function cannotHandle(kind: BodyKind, found: { version: string; kind: string }, message: string): ApiError {
  if (kind.optionsOf) return badRequest(message);
  return badRequest(`${found.kind} in version ${JSON.stringify(found.version)} cannot be handled as a ${kind.kind}: ${message}`);
}

function unrecognized(kind: BodyKind, bytes: Uint8Array | string, message: string): ApiError {
  if (kind.optionsOf) return badRequest(message);
  return badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${message} (${summarize(bytes)})`);
}

/** The body's beginning, as text where it looks like JSON, else in hexadecimal. */
function summarize(body: Uint8Array | string): string {
  const bytes = Buffer.from(body as Uint8Array);
  if (bytes.length === 0) return "<empty>";
  const encoding = bytes[0] === 0x7b ? "utf8" : "hex";
  return bytes.length > 30 ? `${bytes.toString(encoding, 0, 30)} ...` : bytes.toString(encoding);
}
