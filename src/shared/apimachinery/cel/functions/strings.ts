/**
 * Strings, lists, sets, optionals and regular expressions.
 *
 * @source github.com/google/cel-go ext/strings.go, ext/sets.go; staging/src/k8s.io/apiserver/pkg/cel/library/{lists,regex}.go v1.36
 */
import type { FunctionTable } from "../library.ts";
import {
  CelError,
  double,
  equal,
  numberOf,
  Optional,
  Duration,
  Timestamp,
  TypeValue,
  Uint,
  typeNameOf,
  keysOf,
  entryOf,
} from "../values.ts";
import { compare } from "./ordering.ts";
import { compiled, int } from "./standard.ts";
import { durationText, timestampText } from "./time.ts";

type Int = bigint | number;

function position(text: string, at: Int, inclusive: boolean): number {
  const index = Number(at);
  const length = [...text].length;
  if (index < 0 || index > length || (!inclusive && index === length && length === 0))
    throw new CelError(`index out of range: ${index}`);
  return index;
}

const lengthOf = (text: string) => [...text].length;

function indexOf(text: string, part: string, from: Int = 0): bigint {
  const points = [...text];
  const start = position(text, from, true);
  const found = points.slice(start).join("").indexOf(part);
  return found < 0 ? -1n : BigInt(start + lengthOf(points.slice(start).join("").slice(0, found)));
}

function lastIndexOf(text: string, part: string, to?: Int): bigint {
  const points = [...text];
  const end = to === undefined ? points.length : position(text, to, true) + [...part].length;
  const found = points.slice(0, end).join("").lastIndexOf(part);
  return found < 0 ? -1n : BigInt(lengthOf(points.slice(0, end).join("").slice(0, found)));
}

function substring(text: string, from: Int, to?: Int): string {
  const points = [...text];
  const [start, end] = [Number(from), to === undefined ? points.length : Number(to)];
  if (start < 0 || start > points.length) throw new CelError(`index out of range: ${start}`);
  if (end < 0 || end > points.length) throw new CelError(`index out of range: ${end}`);
  if (start > end) throw new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  return points.slice(start, end).join("");
}

function split(text: string, separator: string, limit: Int = -1): string[] {
  const count = Number(limit);
  if (count === 0) return [];
  const parts = separator === "" ? [...text] : text.split(separator);
  return count < 0 || parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
}

function replace(text: string, from: string, to: string, limit: Int = -1): string {
  let left = Number(limit);
  if (left < 0) return text.replaceAll(from, () => to);
  return text.replaceAll(from, (found) => (left-- > 0 ? to : found));
}

/** `%s`, `%d`, `%f`, `%.2e`, `%x`, `%b`, `%o` */
function format(pattern: string, values: unknown[]): string {
  let next = 0;
  return pattern.replaceAll(
    /%(?:%|(?:\.(\d+))?([a-zA-Z]))/g,
    (clause, precision: string | undefined, verb: string | undefined) => {
      if (!verb) return "%";
      if (next >= values.length) throw new CelError(`index ${next} out of range`);
      return formatted(verb, values[next++], precision === undefined ? 6 : Number(precision), clause);
    },
  );
}

function formatted(verb: string, value: unknown, precision: number, clause: string): string {
  const number = numberOf(value);
  switch (verb) {
    case "s":
      return shown(value);
    case "d":
      return String(number);
    case "f":
      return Number(number).toFixed(precision);
    case "e":
      return scientific(Number(number), precision);
    case "b":
      return typeof value === "boolean" ? String(Number(value)) : BigInt(number!).toString(2);
    case "o":
      return BigInt(number!).toString(8);
    case "x":
    case "X": {
      const hex =
        typeof value === "string" || value instanceof Uint8Array
          ? Buffer.from(value as string).toString("hex")
          : BigInt(number!).toString(16);
      return verb === "X" ? hex.toUpperCase() : hex;
    }
  }
  throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${clause.slice(1)}"`);
}

function shown(value: unknown): string {
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Uint) return String(value.value);
  if (Array.isArray(value)) return `[${value.map(quoted).join(", ")}]`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (typeNameOf(value) === "map")
    return `{${keysOf(value)
      .map((key) => `${quoted(key)}:${quoted(entryOf(value, key).value)}`)
      .sort()
      .join(", ")}}`;
  return String(numberOf(value) ?? value);
}

/** Inside of lists and maps texts are quoted. */
const quoted = (value: unknown) => (typeof value === "string" ? JSON.stringify(value) : shown(value));

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `1.234500×10⁰³` */
function scientific(value: number, precision: number): string {
  const [mantissa, sign, exponent] = /^(.*)e([+-])(\d+)$/.exec(value.toExponential(precision))!.slice(1);
  const raised = [...exponent!.padStart(2, "0")].map((digit) => RAISED[Number(digit)]).join("");
  return `${mantissa}×10${sign === "-" ? "⁻" : ""}${raised}`;
}

const contains = (list: unknown[], wanted: unknown[]) => wanted.every((item) => list.some((other) => equal(item, other)));

const ORDERED = ["int", "uint", "double", "bool", "string", "bytes", "timestamp", "duration"];
const extreme = (sign: number, name: string) => (list: unknown[]) => {
  if (!list.length) throw new CelError(`${name} called on empty list`);
  return list.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best));
};
const sum = (zero: unknown, add: (a: never, b: never) => unknown) => (list: unknown[]) =>
  list.reduce((a, b) => add(a as never, b as never), zero);

const byElement = Object.fromEntries(
  ORDERED.flatMap((element) => [
    [
      `list<${element}>.isSorted(): bool`,
      (list: unknown[]) => list.every((item, i) => i === 0 || compare(list[i - 1], item) <= 0),
    ],
    [`list<${element}>.min(): ${element}`, extreme(-1, "min")],
    [`list<${element}>.max(): ${element}`, extreme(1, "max")],
  ]),
) as FunctionTable;

export const strings: FunctionTable = {
  "string.charAt(int): string": (text: string, at: Int) => [...text][position(text, at, true)] ?? "",
  "string.indexOf(string): int": indexOf,
  "string.indexOf(string, int): int": indexOf,
  "string.lastIndexOf(string): int": lastIndexOf,
  "string.lastIndexOf(string, int): int": lastIndexOf,
  "string.lowerAscii(): string": (text: string) => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()),
  "string.upperAscii(): string": (text: string) => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase()),
  "string.replace(string, string): string": replace,
  "string.replace(string, string, int): string": replace,
  "string.split(string): list<string>": split,
  "string.split(string, int): list<string>": split,
  "string.substring(int): string": substring,
  "string.substring(int, int): string": substring,
  "string.trim(): string": (text: string) => text.trim(),
  "list<A>.reverse(): list<A>": (list: unknown[]) => list.toReversed(),
  "string.format(list<dyn>): string": format,
  "list<string>.join(): string": (list: string[]) => list.join(""),
  "list<string>.join(string): string": (list: string[], separator: string) => list.join(separator),
  "strings::quote(string): string": (text: string) => JSON.stringify(text),
  "string.find(string): string": (text: string, pattern: string) => {
    const found = compiled(pattern).matcher(text);
    return found.find() ? found.group() : "";
  },
  "string.findAll(string): list<string>": (text: string, pattern: string) => findAll(text, pattern),
  "string.findAll(string, int): list<string>": findAll,
  ...byElement,
  "list<int>.sum(): int": sum(0n, (a: Int, b: Int) => int(BigInt(a) + BigInt(b))),
  "list<double>.sum(): double": (list: unknown[]) => double(list.reduce<number>((a, b) => a + Number(numberOf(b)), 0)),
  "list<duration>.sum(): duration": sum(new Duration(0n), (a: Duration, b: Duration) => new Duration(a.nanos + b.nanos)),
  "list<A>.indexOf(A): int": (list: unknown[], item: unknown) => BigInt(list.findIndex((other) => equal(other, item))),
  "list<A>.lastIndexOf(A): int": (list: unknown[], item: unknown) => BigInt(list.findLastIndex((other) => equal(other, item))),
  "sets::contains(list<A>, list<A>): bool": contains,
  "sets::equivalent(list<A>, list<A>): bool": (a: unknown[], b: unknown[]) => contains(a, b) && contains(b, a),
  "sets::intersects(list<A>, list<A>): bool": (a: unknown[], b: unknown[]) =>
    a.some((item) => b.some((other) => equal(item, other))),
  "optional::of(A): optional<A>": (value: unknown) => new Optional(true, value),
  "optional::none(): optional<A>": () => new Optional(false),
  "optional::ofNonZeroValue(A): optional<A>": (value: unknown) =>
    isZero(value) ? new Optional(false) : new Optional(true, value),
  "optional<A>.hasValue(): bool": ({ present }: Optional) => present,
  "optional<A>.value(): A": ({ present, value }: Optional) => {
    if (!present) throw new CelError("optional.none() dereference");
    return value;
  },
  "optional<A>.or(optional<A>): optional<A>": (a: Optional, b: Optional) => (a.present ? a : b),
  "optional<A>.orValue(A): A": (a: Optional, b: unknown) => (a.present ? a.value : b),
};

function findAll(text: string, pattern: string, limit: Int = -1): string[] {
  const matcher = compiled(pattern).matcher(text);
  const found: string[] = [];
  while ((limit < 0 || found.length < Number(limit)) && matcher.find()) found.push(matcher.group()!);
  return found;
}

function isZero(value: unknown): boolean {
  if (value === null || value === "" || value === false) return true;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  const number = numberOf(value);
  return number !== undefined ? number == 0 : typeNameOf(value) === "map" && keysOf(value).length === 0;
}
