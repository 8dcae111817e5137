/** `<`, `<=`, `>`, `>=`: of numbers of any kind, and of values of the same type. */
import type { FunctionTable } from "../library.ts";
import { Duration, numberOf, Timestamp } from "../values.ts";

/** Negative, zero or positive; NaN where the two have no order. */
export function compare(a: unknown, b: unknown): number {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : x == y ? 0 : Number.NaN;
  if (a instanceof Duration || a instanceof Timestamp)
    return Number(a.nanos > (b as Duration).nanos) - Number(a.nanos < (b as Duration).nanos);
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array);
  if (typeof a === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  return Number(a) - Number(b);
}

const PAIRS = [
  ...["bool", "string", "bytes", "timestamp", "duration"].map((t) => [t, t]),
  ...["int", "uint", "double"].flatMap((a) => ["int", "uint", "double"].map((b) => [a, b])),
];

const OPERATORS: Record<string, (order: number) => boolean> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

export const ordering: FunctionTable = Object.fromEntries(
  Object.entries(OPERATORS).flatMap(([operator, holds]) =>
    PAIRS.map(([a, b]) => [`_${operator}_(${a}, ${b}): bool`, (x: unknown, y: unknown) => holds(compare(x, y))]),
  ),
);
