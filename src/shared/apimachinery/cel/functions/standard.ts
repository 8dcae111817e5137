/**
 * The functions and operators of the language.
 *
 * @source github.com/google/cel-spec doc/langdef.md, section List of Standard Definitions
 */
import { RE2JS } from "re2js";
import type { FunctionTable } from "../library.ts";
import {
  AssociativeList,
  canonical,
  CelError,
  double,
  equal,
  entryOf,
  numberOf,
  sizeOfMap,
  TypeValue,
  typeNameOf,
  Uint,
} from "../values.ts";

type Num = bigint | number;

const INT = [-(2n ** 63n), 2n ** 63n - 1n] as const;
const UINT = [0n, 2n ** 64n - 1n] as const;

export function int(value: bigint, what = "integer overflow"): bigint {
  if (value < INT[0] || value > INT[1]) throw new CelError(what);
  return value;
}

function uint(value: bigint, what = "unsigned integer overflow"): Uint {
  if (value < UINT[0] || value > UINT[1]) throw new CelError(what);
  return new Uint(value);
}

const num = (value: unknown): Num => numberOf(value)!;
const float = (value: unknown): number => Number(num(value));

function matches(text: string, pattern: string): boolean {
  return compiled(pattern).matcher(text).find();
}

const patterns = new Map<string, RE2JS>();
const MAX_PATTERNS = 1000;

export function compiled(pattern: string): RE2JS {
  let found = patterns.get(pattern);
  if (found) return found;
  try {
    found = RE2JS.compile(pattern);
  } catch (error) {
    throw new CelError(`error parsing regexp: ${(error as Error).message.replace(/^error parsing regexp: /, "")}`);
  }
  if (patterns.size >= MAX_PATTERNS) patterns.clear();
  patterns.set(pattern, found);
  return found;
}

const divided = (a: bigint, b: bigint): bigint => {
  if (b === 0n) throw new CelError("division by zero");
  return a / b;
};
const modulo = (a: bigint, b: bigint): bigint => {
  if (b === 0n) throw new CelError("modulus by zero");
  return a % b;
};

/** A text that does not read as a value of this type. */
export const unreadable = (type: string) => new CelError(`type conversion error from 'string' to '${type}'`);

const intOf = (text: string): bigint => {
  if (!/^[+-]?\d+$/.test(text)) throw unreadable("int");
  return int(BigInt(text.replace(/^\+/, "")), unreadable("int").message);
};
const uintOf = (text: string): Uint => {
  if (!/^\d+$/.test(text)) throw unreadable("uint");
  return uint(BigInt(text), unreadable("uint").message);
};
const doubleOf = (text: string) => {
  const value = Number(text);
  if (text.trim() !== text || !text || (Number.isNaN(value) && !/^[+-]?nan$/i.test(text))) throw unreadable("double");
  return double(value);
};
const whole = (value: unknown): bigint => {
  const number = float(value);
  if (!Number.isFinite(number) || Math.abs(number) >= 2 ** 63) throw new CelError("integer overflow");
  return BigInt(Math.trunc(number));
};
const boolOf = (text: string): boolean => {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  throw unreadable("bool");
};

/** As Go prints it: the shortest that reads back, an exponent from 21 digits on. */
function doubleText(value: unknown): string {
  const number = float(value);
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";
  return String(number).replace(/e([+-])(\d)$/, "e$10$2");
}

const text = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new CelError("invalid UTF-8 in bytes, cannot convert to string");
  }
};

const isIn = (item: unknown, list: unknown[]) => list.some((other) => equal(item, other));
const joined = (a: unknown[], b: unknown[]) => (a instanceof AssociativeList ? a.joined(b) : [...a, ...b]);
const points = (value: string) => BigInt([...value].length);

export const standard: FunctionTable = {
  "!_(bool): bool": (a: boolean) => !a,
  "-_(int): int": (a: Num) => int(-BigInt(num(a))),
  "-_(double): double": (a: unknown) => double(-float(a)),
  "_==_(A, A): bool": equal,
  "_!=_(A, A): bool": (a: unknown, b: unknown) => !equal(a, b),
  "@in(A, list<A>): bool": isIn,
  "@in(A, map<A, B>): bool": (key: unknown, map: unknown) => entryOf(map, key).found,

  "_+_(int, int): int": (a: Num, b: Num) => int(BigInt(num(a)) + BigInt(num(b))),
  "_+_(uint, uint): uint": (a: Uint, b: Uint) => uint(a.value + b.value),
  "_+_(double, double): double": (a: unknown, b: unknown) => double(float(a) + float(b)),
  "_+_(string, string): string": (a: string, b: string) => a + b,
  "_+_(bytes, bytes): bytes": (a: Uint8Array, b: Uint8Array) => Buffer.concat([a, b]),
  "_+_(list<A>, list<A>): list<A>": joined,
  "_-_(int, int): int": (a: Num, b: Num) => int(BigInt(num(a)) - BigInt(num(b))),
  "_-_(uint, uint): uint": (a: Uint, b: Uint) => uint(a.value - b.value),
  "_-_(double, double): double": (a: unknown, b: unknown) => double(float(a) - float(b)),
  "_*_(int, int): int": (a: Num, b: Num) => int(BigInt(num(a)) * BigInt(num(b))),
  "_*_(uint, uint): uint": (a: Uint, b: Uint) => uint(a.value * b.value),
  "_*_(double, double): double": (a: unknown, b: unknown) => double(float(a) * float(b)),
  "_/_(int, int): int": (a: Num, b: Num) => int(divided(BigInt(num(a)), BigInt(num(b)))),
  "_/_(uint, uint): uint": (a: Uint, b: Uint) => uint(divided(a.value, b.value)),
  "_/_(double, double): double": (a: unknown, b: unknown) => double(float(a) / float(b)),
  "_%_(int, int): int": (a: Num, b: Num) => modulo(BigInt(num(a)), BigInt(num(b))),
  "_%_(uint, uint): uint": (a: Uint, b: Uint) => uint(modulo(a.value, b.value)),

  "size(string): int": points,
  "size(bytes): int": (a: Uint8Array) => BigInt(a.length),
  "size(list<A>): int": (a: unknown[]) => BigInt(a.length),
  "size(map<A, B>): int": (a: unknown) => BigInt(sizeOfMap(a)),
  "string.size(): int": points,
  "bytes.size(): int": (a: Uint8Array) => BigInt(a.length),
  "list<A>.size(): int": (a: unknown[]) => BigInt(a.length),
  "map<A, B>.size(): int": (a: unknown) => BigInt(sizeOfMap(a)),
  "string.contains(string): bool": (a: string, b: string) => a.includes(b),
  "string.startsWith(string): bool": (a: string, b: string) => a.startsWith(b),
  "string.endsWith(string): bool": (a: string, b: string) => a.endsWith(b),
  "string.matches(string): bool": matches,
  "matches(string, string): bool": matches,

  "int(int): int": (a: unknown) => a,
  "int(uint): int": (a: Uint) => int(a.value),
  "int(double): int": whole,
  "int(string): int": intOf,
  "uint(uint): uint": (a: Uint) => a,
  "uint(int): uint": (a: Num) => uint(BigInt(num(a))),
  "uint(double): uint": (a: unknown) => uint(whole(a)),
  "uint(string): uint": uintOf,
  "double(double): double": (a: unknown) => a,
  "double(int): double": (a: Num) => double(float(a)),
  "double(uint): double": (a: Uint) => double(Number(a.value)),
  "double(string): double": doubleOf,
  "bool(bool): bool": (a: boolean) => a,
  "bool(string): bool": boolOf,
  "string(string): string": (a: string) => a,
  "string(bool): string": String,
  "string(int): string": String,
  "string(uint): string": (a: Uint) => String(a.value),
  "string(double): string": doubleText,
  "string(bytes): string": text,
  "bytes(bytes): bytes": (a: Uint8Array) => a,
  "bytes(string): bytes": (a: string) => Buffer.from(a, "utf8"),
  "dyn(A): dyn": canonical,
  "type(A): type": (a: unknown) => new TypeValue(typeNameOf(a)),
};
