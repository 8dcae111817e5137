/** A request body as an object of a kind: media type, size, strictness, defaults. */
import type { Kind, Origin } from "../../../shared/api/kind.ts";
import { decodeBody, decodeObject, type BodyKind, type FieldValidation } from "../../../shared/apimachinery/body.ts";
import { applyDefaults } from "../../../shared/apimachinery/defaults.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { bodyFormat } from "../../../shared/apimachinery/negotiation.ts";
import type { Incoming } from "../chain/types.ts";
import type { ResourceTable } from "../registry/resources.ts";

export const MAX_BODY_BYTES = 3 << 20;

export interface DecodeRequest {
  request: Incoming;
  into: BodyKind;
  resources: ResourceTable;
  fieldValidation?: FieldValidation;
  /** Told of unknown and duplicate fields. */
  warn(text: string): void;
}

const withoutProtobuf = ["json", "yaml"] as const;

/** The body in normal form, kind and apiVersion filled in, not defaulted. */
export async function readObject({ request, into, resources, fieldValidation, warn }: DecodeRequest): Promise<KubeObject> {
  const options = { fieldValidation, registered: resources.isKind };
  const { object, warnings } =
    request.object === undefined
      ? await decodeBody<KubeObject>(
          into,
          await request.body(MAX_BODY_BYTES),
          bodyFormat(request.headers["content-type"], into.schema.dynamic ? withoutProtobuf : undefined),
          options,
        )
      : decodeObject<KubeObject>(into, request.object, options);
  if (fieldValidation !== "Ignore") warnings.forEach(warn);
  if (!object.metadata) object.metadata = {} as KubeObject["metadata"];
  return object;
}

/** Declared defaults, then those that depend on other fields. */
export function setDefaults(kind: Kind<any>, object: KubeObject, origin: Origin = "read"): void {
  applyDefaults(kind.schema, object);
  kind.setDefaults?.(object, origin);
}
