/**
 * Field errors: what is wrong with an object, one entry a fault, with upstream's types, paths and texts.
 *
 * Validation returns all of them; `invalid()` in errors.ts turns the list into a 422 Status.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go v1.36
 */
export type FieldErrorType =
  | "FieldValueRequired"
  | "FieldValueInvalid"
  | "FieldValueDuplicate"
  | "FieldValueNotFound"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldValueTypeInvalid"
  | "InternalError";

export interface FieldError {
  type: FieldErrorType;
  /** Path, e.g. `spec.containers[0].name`. */
  field: string;
  /** The whole text without the path, as it appears in `causes[].message`. */
  message: string;
}

/** A value as Go's `%q`/`%v`/JSON mix prints it inside an error: strings quoted, numbers bare, objects as JSON. */
export function formatBadValue(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "string") return goQuote(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return JSON.stringify(value);
}

/** `%q` of a string: unlike JSON, control characters are `\x00` and `\a`. */
export function goQuote(text: string): string {
  const json = JSON.stringify(text);
  if (!/[\x7f]|\\u00/.test(json)) return json;
  return json.replace(
    /\\u00([0-9a-f]{2})|\x7f/g,
    (escape, hex: string | undefined) => SHORT_ESCAPES[escape] ?? `\\x${hex ?? "7f"}`,
  );
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\\u0007": "\\a", "\\u000b": "\\v" };

export function required(field: string, detail = ""): FieldError {
  return { type: "FieldValueRequired", field, message: withDetail("Required value", detail) };
}

export function invalidValue(field: string, value: unknown, detail: string): FieldError {
  return { type: "FieldValueInvalid", field, message: withDetail(`Invalid value: ${formatBadValue(value)}`, detail) };
}

export function typeInvalid(field: string, value: unknown, detail: string): FieldError {
  return { type: "FieldValueTypeInvalid", field, message: withDetail(`Invalid value: ${formatBadValue(value)}`, detail) };
}

export function duplicate(field: string, value: unknown): FieldError {
  return { type: "FieldValueDuplicate", field, message: `Duplicate value: ${formatBadValue(value)}` };
}

export function notFoundValue(field: string, value: unknown): FieldError {
  return { type: "FieldValueNotFound", field, message: `Not found: ${formatBadValue(value)}` };
}

/** The supported values are listed sorted, as sets are upstream, or in the order that is given. */
export function notSupported(
  field: string,
  value: unknown,
  supported: readonly string[],
  order: "sorted" | "given" = "sorted",
): FieldError {
  const list = (order === "given" ? supported : supported.toSorted()).map((v) => JSON.stringify(v)).join(", ");
  const detail = list ? `supported values: ${list}` : "";
  return { type: "FieldValueNotSupported", field, message: withDetail(`Unsupported value: ${formatBadValue(value)}`, detail) };
}

export function forbidden(field: string, detail: string): FieldError {
  return { type: "FieldValueForbidden", field, message: withDetail("Forbidden", detail) };
}

export function tooLong(field: string, max: number): FieldError {
  const detail = max >= 0 ? `may not be more than ${max} bytes` : "value is too long";
  return { type: "FieldValueTooLong", field, message: `Too long: ${detail}` };
}

export function tooMany(field: string, actual: number, max: number): FieldError {
  return { type: "FieldValueTooMany", field, message: `Too many: ${actual}: must have at most ${max} items` };
}

function withDetail(head: string, detail: string): string {
  return detail ? `${head}: ${detail}` : head;
}
