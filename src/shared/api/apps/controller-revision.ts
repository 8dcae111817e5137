import { invalidValue, required, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/json.ts";
import { age, NONE } from "../cells.ts";
import type { ControllerRevision as T } from "../generated/apps-v1.ts";
import { facts } from "../generated/kinds.ts";
import { nonNegative } from "../core/validation/common.ts";
import { defineKind } from "../kind.ts";

export const ControllerRevision = defineKind<T>({
  ...facts["apps/v1/controllerrevisions"],
  revalidatesMetadata: true,
  validate: ({ data, revision = 0 }, _context, old) => [...nonNegative("revision", revision), ...(old ? [] : validateData(data))],
  validateUpdate: ({ data }, old) =>
    deepEqual(data, old.data) ? [] : [invalidValue("data", data ?? null, "field is immutable")],
  cells(object, context) {
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller);
    const group = owner?.apiVersion.includes("/") ? `.${owner.apiVersion.split("/")[0]}` : "";
    const name = owner ? `${owner.kind.toLowerCase()}${group}/${owner.name}` : NONE;
    return [object.metadata.name, name, object.revision ?? 0, age(object, context)];
  },
});
export type ControllerRevision = T;

function validateData(data: unknown): FieldError[] {
  if (data === undefined || data === null) return [required("data", "data is mandatory")];
  return typeof data === "object" && !Array.isArray(data) ? [] : [required("data", "data must be a valid JSON object")];
}
