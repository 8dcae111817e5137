/** Shapes of errors that the parts of a pod share. */
import { invalidValue, notSupported, type FieldError } from "../../../apimachinery/field-error.ts";

export const says = (field: string, value: unknown, texts: readonly string[]): FieldError[] =>
  texts.map((text) => invalidValue(field, value, text));

export const oneOf = (
  field: string,
  value: string,
  supported: readonly string[],
  order: "sorted" | "given" = "sorted",
): FieldError[] => (supported.includes(value) ? [] : [notSupported(field, value, supported, order)]);

export const nonNegative = (field: string, value: number | undefined): FieldError[] =>
  (value ?? 0) < 0 ? [invalidValue(field, value, "must be greater than or equal to 0")] : [];

export const positive = (field: string, value: number | undefined): FieldError[] =>
  (value ?? 0) <= 0 ? [invalidValue(field, value ?? 0, "must be greater than zero")] : [];

const MAX_MODE = 0o777;

export const validateMode = (field: string, mode: number | undefined): FieldError[] =>
  mode !== undefined && (mode < 0 || mode > MAX_MODE)
    ? [invalidValue(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")]
    : [];

export const noBacksteps = (field: string, path: string): FieldError[] =>
  path.split("/").includes("..") ? [invalidValue(field, path, "must not contain '..'")] : [];

export const descendingPath = (field: string, path: string): FieldError[] => [
  ...(path.startsWith("/") ? [invalidValue(field, path, "must be a relative path")] : []),
  ...noBacksteps(field, path),
];

/** A path below a volume whose names beginning with two dots are the kubelet's. */
export function nonReservedPath(field: string, path: string): FieldError[] {
  const errors = descendingPath(field, path);
  const reserved = path.startsWith("..") && !path.startsWith("../") && path !== "..";
  return reserved ? [...errors, invalidValue(field, path, "must not start with '..'")] : errors;
}
