/** What storage classes and volume attributes classes share: the driver's name and its parameters. */
import { invalidValue, required, tooLong, type FieldError } from "../../apimachinery/field-error.ts";
import { byteLength, isQualifiedName } from "../../apimachinery/validation.ts";

const MAX_PARAMETERS = 512;
const MAX_PARAMETER_BYTES = 256 * 1024;

export function validateProvisioner(field: string, name: string): FieldError[] {
  if (name === "") return [required(field)];
  const lower = name.toLowerCase();
  return isQualifiedName(lower).map((text) => invalidValue(field, lower, text));
}

export function validateParameters(field: string, parameters: Readonly<Record<string, string>> | undefined): FieldError[] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > MAX_PARAMETERS) return [tooLong(field, MAX_PARAMETERS)];
  const errors = entries.filter(([key]) => key === "").map(([key]) => invalidValue(field, key, "field can not be empty."));
  const size = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  return size > MAX_PARAMETER_BYTES ? [...errors, tooLong(field, MAX_PARAMETER_BYTES)] : errors;
}
