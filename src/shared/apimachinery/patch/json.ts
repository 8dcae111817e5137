/**
 * JSON values as patches see them, and how Go prints them inside error texts.
 *
 * A number whose spelling matters (`2.0` is no integer to Go) comes as `NumberText` and counts as a scalar.
 */
import { NumberText } from "../json-text.ts";

export type JsonObject = { [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

/** Sets a member by any name; a plain assignment would take `__proto__` for the prototype. */
export function setMember(object: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

/** The same object, members by name: Go has had it in a map. */
export function inNameOrder(object: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const name of Object.keys(object).sort()) setMember(result, name, object[name]);
  return result;
}

export function hasMember(object: JsonObject, key: string): boolean {
  return Object.hasOwn(object, key);
}

export function deepCopy<T>(value: T): T {
  if (typeof value !== "object" || value === null || value instanceof NumberText) return value;
  if (Array.isArray(value)) return value.map(deepCopy) as T;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) setMember(copy, key, deepCopy((value as JsonObject)[key]));
  return copy as T;
}

export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof NumberText || b instanceof NumberText) return isNumber(a) && isNumber(b) && numberOf(a) === numberOf(b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => hasMember(b as JsonObject, key) && deepEqual((a as JsonObject)[key], (b as JsonObject)[key]));
}

function isNumber(value: unknown): value is number | NumberText {
  return typeof value === "number" || value instanceof NumberText;
}

function numberOf(value: number | NumberText): number {
  return value instanceof NumberText ? Number(value.text) : value;
}

/** `%v`: `map[a:1 b:[x y]]`, keys sorted. */
export function goPrint(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goPrint).join(" ")}]`;
  if (isObject(value)) {
    const members = Object.keys(value).sort();
    return `map[${members.map((key) => `${key}:${goPrint(value[key])}`).join(" ")}]`;
  }
  return String(isNumber(value) ? numberOf(value) : value);
}

/** `%s`, which marks what is no text. */
export function goPrintString(value: unknown): string {
  if (value === null || value === undefined) return "%!s(<nil>)";
  if (typeof value === "number" || typeof value === "boolean") return `%!s(${goType(value)}=${value})`;
  return goPrint(value);
}

/** Go's name of the type that a JSON value decodes to. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return "%!s(<nil>)";
  if (Array.isArray(value)) return "[]interface {}";
  if (isNumber(value)) return Number.isInteger(numberOf(value)) ? "int64" : "float64";
  if (typeof value === "object") return "map[string]interface {}";
  return typeof value === "boolean" ? "bool" : "string";
}

/** The JSON type of a value in the words of Go's decoder. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (isNumber(value)) return "number";
  return isObject(value) ? "object" : goType(value);
}
