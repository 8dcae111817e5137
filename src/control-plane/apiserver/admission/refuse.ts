/** What admission plugins share: which request is meant, and how a refusal is told. */
import type { Kind } from "../../../shared/api/index.ts";
import { ApiError, forbiddenError, type StatusCause } from "../../../shared/apimachinery/errors.ts";
import { isPathSegmentName } from "../../../shared/apimachinery/validation.ts";
import type { AdmissionAttributes } from "../types.ts";

/** The request is about this kind's objects, or about the named subresource of them. */
export function concerns({ kind, subresource }: AdmissionAttributes, wanted: Kind<any>, ...subresources: string[]): boolean {
  if (kind.plural !== wanted.plural || kind.group !== wanted.group) return false;
  return subresources.length ? subresources.includes(subresource) : subresource === "";
}

/** What a client is told of a name that no path can hold; undefined where one can. */
export function nameFault(name: string): string | undefined {
  const faults = isPathSegmentName(name);
  return faults.length ? `invalid resource name ${JSON.stringify(name)}: [${faults.join(" ")}]` : undefined;
}

/** `pods "a" is forbidden: CAUSE`. A name that is still to be generated shows as its prefix. */
export function refuse(attributes: AdmissionAttributes, cause: string, ...causes: StatusCause[]): ApiError {
  const { kind, object, name } = attributes;
  const shown = name || object?.metadata?.name || object?.metadata?.generateName || "Unknown";
  const error = forbiddenError({ group: kind.group, resource: kind.plural }, shown, cause);
  if (!causes.length) return error;
  return new ApiError({ ...error.status, details: { ...error.status.details, causes } });
}
