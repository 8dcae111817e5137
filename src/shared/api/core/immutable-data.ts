/** What config maps and secrets share: keys that are file names, a limit on size, and `immutable`. */
import { forbidden, invalidValue, type FieldError } from "../../apimachinery/field-error.ts";
import { isConfigMapKey } from "../../apimachinery/validation.ts";

export const MAX_DATA_BYTES = 1024 * 1024;

export function validateKeys(field: string, data: Readonly<Record<string, string>> | undefined): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) => isConfigMapKey(key).map((text) => invalidValue(`${field}[${key}]`, key, text)));
}

/** Bytes behind a base64 text. */
export function decodedLength(base64: string): number {
  return Math.floor((base64.length * 3) / 4) - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0);
}

type Data = Readonly<Record<string, string>> | undefined;

interface MaybeImmutable {
  immutable?: boolean;
}

/** An object that was made immutable stays so, with the data it had. */
export function validateImmutable<T extends MaybeImmutable>(
  object: T,
  old: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (!old.immutable) return [];
  const names = fields.filter((name) => !sameData(object[name] as Data, old[name] as Data));
  return [...(object.immutable ? [] : ["immutable"]), ...names].map((name) =>
    forbidden(name, "field is immutable when `immutable` is set"),
  );
}

function sameData(a: Data = {}, b: Data = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
