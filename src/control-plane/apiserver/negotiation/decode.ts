/** A request body as an object of a kind: media type, size, strictness, defaults. */
import type { Kind } from "../../../shared/api/kind.ts";
import { decodeBody, decodeObject, type BodyFormat, type BodyKind, type FieldValidation } from "../../../shared/apimachinery/body.ts";
import { applyDefaults } from "../../../shared/apimachinery/defaults.ts";
import { unsupportedMediaType } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { StructSchema } from "../../../shared/apimachinery/schema.ts";
import type { Incoming } from "../chain/types.ts";
import type { ResourceTable } from "../registry/resources.ts";

export const MAX_BODY_BYTES = 3 << 20;

const formats: Record<string, BodyFormat> = {
  "application/json": "json",
  "application/yaml": "yaml",
  "application/vnd.kubernetes.protobuf": "protobuf",
};

/** The media type of the body without its parameters; none means JSON. */
export function mediaTypeOf(request: Incoming): string {
  const header = request.headers["content-type"];
  if (!header) return "application/json";
  const semicolon = header.indexOf(";");
  return (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
}

/** 415 for what cannot be read. A schema without protobuf form (custom resources) is JSON or YAML only. */
export function bodyFormat(request: Incoming, schema: StructSchema): BodyFormat {
  const found = formats[mediaTypeOf(request)];
  if (found && (found !== "protobuf" || !schema.dynamic)) return found;
  const accepted = Object.keys(formats).filter((type) => !schema.dynamic || formats[type] !== "protobuf");
  throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`);
}

export interface DecodeRequest {
  request: Incoming;
  into: BodyKind;
  resources: ResourceTable;
  fieldValidation?: FieldValidation;
  /** Told of unknown and duplicate fields. */
  warn(text: string): void;
}

/** The body in normal form, kind and apiVersion filled in, not defaulted. */
export async function readObject({ request, into, resources, fieldValidation, warn }: DecodeRequest): Promise<KubeObject> {
  const options = { fieldValidation, registered: resources.isKind };
  const { object, warnings } =
    request.object === undefined
      ? await decodeBody<KubeObject>(into, await request.body(MAX_BODY_BYTES), bodyFormat(request, into.schema), options)
      : decodeObject<KubeObject>(into, request.object, options);
  if (fieldValidation !== "Ignore") warnings.forEach(warn);
  if (!object.metadata) object.metadata = {} as KubeObject["metadata"];
  return object;
}

/** Declared defaults, then those that depend on other fields. */
export function setDefaults(kind: Kind<any>, object: KubeObject): void {
  applyDefaults(kind.schema, object);
  kind.setDefaults?.(object);
}
