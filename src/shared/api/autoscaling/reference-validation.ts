/** References to what is scaled or measured: kind, name, version. */
import { invalidValue, required, type FieldError } from "../../apimachinery/field-error.ts";
import { isPathSegmentName } from "../../apimachinery/validation.ts";
import type { CrossVersionObjectReference as Reference } from "../generated/autoscaling-v2.ts";

export interface ReferenceOptions {
  /** It was there before. */
  anyVersion?: boolean;
  /** Kinds of the core group may be meant. */
  noGroup?: boolean;
}

export function validateReference(path: string, reference: Partial<Reference> = {}, options: ReferenceOptions): FieldError[] {
  const errors = (["kind", "name"] as const).flatMap((member) => {
    const value = reference[member];
    const at = `${path}.${member}`;
    return value ? isPathSegmentName(value).map((text) => invalidValue(at, value, text)) : [required(at)];
  });
  const { apiVersion = "" } = reference;
  const wrong = options.anyVersion ? undefined : wrongVersion(apiVersion, options);
  return wrong ? [...errors, invalidValue(`${path}.apiVersion`, apiVersion, wrong)] : errors;
}

function wrongVersion(apiVersion: string, { noGroup }: ReferenceOptions): string | undefined {
  const slashes = apiVersion.split("/").length - 1;
  if (slashes > 1) return `unexpected GroupVersion string: ${apiVersion}`;
  const group = slashes === 1 ? apiVersion.split("/")[0] : "";
  return group || noGroup ? undefined : "apiVersion must specify API group";
}
