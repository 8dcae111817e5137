/** What `/scale` shows has to be a number of replicas. */
import type { CustomResourceSubresourceScale } from "../../../../shared/api/generated/apiextensions-v1.ts";
import { invalidValue, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import { parseJsonPath } from "../json-path.ts";

const MAX = 2 ** 31 - 1;

export function scaleErrors(object: object, scale: CustomResourceSubresourceScale | undefined): FieldError[] {
  if (!scale) return [];
  return [scale.specReplicasPath, scale.statusReplicasPath].flatMap((path) => {
    const [value] = parseJsonPath(path)(object);
    if (typeof value !== "number" || (value >= 0 && value <= MAX)) return [];
    return [invalidValue(path, value, value < 0 ? "should be a non-negative integer" : `should be less than or equal to ${MAX}`)];
  });
}
