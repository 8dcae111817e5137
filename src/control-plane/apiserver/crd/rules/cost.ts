/**
 * The worst that running a rule once can cost, in CEL's units. Only upper bounds are kept; Infinity is more than can be told.
 *
 * @source github.com/google/cel-go checker/cost.go, staging/src/k8s.io/apiserver/pkg/cel/library/cost.go v1.36
 */
import type { Expr } from "../../../../shared/apimachinery/cel/ast.ts";
import { kubernetes } from "../../../../shared/apimachinery/cel/index.ts";
import type { Sized } from "./sizes.ts";

/** What is known of the value of an expression. */
interface Estimate {
  cost: number;
  kind: Sized["kind"];
  /** Absent: unknown. */
  size?: number;
  sized?: Sized;
  /** What an optional may hold. */
  optional?: Sized;
  /** Size of items of a list that was made. */
  element?: Estimate;
}

type Scope = (name: string) => Estimate | undefined;

const TRAVERSAL = 0.1;
const REGEX = 0.25;
const LIST = 10;
const MAP = 30;
const STRUCT = 40;

const product = (a: number, b: number) => (a === 0 || b === 0 ? 0 : a * b);
const traversal = (size: number, factor = TRAVERSAL) => Math.ceil(product(size, factor));
const sizeOr = ({ size }: Estimate) => size ?? Number.POSITIVE_INFINITY;

/** `optional`: the variable that is there only sometimes. */
export function estimatedCost(expression: Expr, variables: Readonly<Record<string, Sized>>, optional?: string): number {
  return estimate(expression, (name) => {
    if (name === optional) return optionalOf(variables[name], 0);
    const sized = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return sized && ofSized(sized, 0);
  }).cost;
}

function ofSized(sized: Sized, cost: number): Estimate {
  return { cost, kind: sized.kind, size: sized.max, sized };
}

const scalar = (cost: number): Estimate => ({ cost, kind: "scalar", size: 1 });

function estimate(expr: Expr, scope: Scope): Estimate {
  switch (expr.kind) {
    case "literal":
      if (typeof expr.value === "string") return { cost: 0, kind: "string", size: [...expr.value].length };
      if (expr.value instanceof Uint8Array) return { cost: 0, kind: "bytes", size: expr.value.length };
      return scalar(0);
    case "ident": {
      const known = scope(expr.name);
      // Else the name of a type.
      return known ? { ...known, cost: 1 } : scalar(1);
    }
    case "select": {
      const target = estimate(expr.target, scope);
      const own = target.kind === "map" || target.kind === "object" || expr.optional ? 1 : 0;
      const inner = memberOf(target.optional ? { ...target, sized: target.optional } : target, expr.field);
      if (expr.optional || target.optional) return optionalOf(inner, target.cost + own);
      return inner ? ofSized(inner, target.cost + own) : { cost: target.cost + own, kind: "dyn" };
    }
    case "has":
      return scalar(estimate(expr.target, scope).cost);
    case "list": {
      const items = expr.items.map(({ value }) => estimate(value, scope));
      return { cost: LIST + costOf(items), kind: "list", size: items.length, element: largest(items) };
    }
    case "map": {
      const parts = expr.entries.flatMap(({ key, value }) => [estimate(key, scope), estimate(value, scope)]);
      return { cost: MAP + costOf(parts), kind: "map", size: expr.entries.length };
    }
    case "struct":
      return { cost: STRUCT + costOf(expr.entries.map(({ value }) => estimate(value, scope))), kind: "object" };
    case "macro":
      return macro(expr, scope);
    case "call":
      return call(expr, scope);
  }
}

/** Only what is of one size whatever its value is known of. */
const optionalOf = (sized: Sized | undefined, cost: number): Estimate => ({
  cost,
  kind: "dyn",
  ...(sized && { optional: sized }),
  ...(sized?.kind === "scalar" && { size: 1 }),
});

const SCALARS = new Set(["bool", "int", "uint", "double", "google.protobuf.Timestamp", "google.protobuf.Duration"]);

/** What a function gives, by what it is declared to give. */
function resultOf(name: string, method: boolean, cost: number): Estimate {
  const names = new Set(kubernetes.overloads(name, method).map(({ result }) => result.name));
  if (names.size && [...names].every((n) => SCALARS.has(n))) return scalar(cost);
  return { cost, kind: names.has("string") ? "string" : names.has("list") ? "list" : "dyn" };
}

const costOf = (parts: readonly Estimate[]) => parts.reduce((sum, { cost }) => sum + cost, 0);

function largest(items: readonly Estimate[]): Estimate {
  const size = items.reduce((max, item) => Math.max(max, sizeOr(item)), 0);
  return { cost: 0, kind: items[0]?.kind ?? "dyn", size };
}

function memberOf({ sized }: Estimate, name: string): Sized | undefined {
  return sized?.kind === "object" ? sized.fields?.get(name) : sized?.kind === "map" ? sized.element : undefined;
}

function elementOf(of: Estimate): Estimate {
  if (of.sized?.element) return ofSized(of.sized.element, 0);
  return of.element ?? { cost: 0, kind: "dyn" };
}

/** What one variable of a loop takes on: items of a list, keys of a map. */
function iterated(of: Estimate): Estimate {
  return of.kind === "map" ? { cost: 0, kind: "string", size: of.sized ? 3 * 1024 * 1024 - 2 : undefined } : elementOf(of);
}

/** A loop is counted as what the macro stands for: an accumulator, a condition and a step for each item, and a result. */
function macro(expr: Expr & { kind: "macro" }, scope: Scope): Estimate {
  const over = estimate(expr.target, scope);
  const [first, second] = expr.variables;
  const pair = second !== undefined;
  const one = pair ? (over.kind === "map" ? iterated(over) : scalar(0)) : iterated(over);
  const inner: Scope = (name) => (name === first ? one : name === second ? elementOf(over) : scope(name));
  const body = estimate(expr.body, inner);
  const filter = expr.filter ? estimate(expr.filter, inner).cost : 0;
  const n = sizeOr(over);
  const loop = (fixed: number, each: number) => over.cost + fixed + product(n, each);
  switch (expr.name) {
    case "all":
      return scalar(loop(1, body.cost + 3));
    case "exists":
      return scalar(loop(1, body.cost + 4));
    case "exists_one":
    case "existsOne":
      return scalar(loop(2, body.cost + 2));
    case "filter":
      return { ...over, cost: loop(LIST + 1, body.cost + LIST + 3) };
    case "map":
    case "transformList":
      return { cost: loop(LIST + 1, body.cost + filter + LIST + 2), kind: "list", size: n, element: { ...body, cost: 0 } };
    case "transformMap":
    case "transformMapEntry":
      return { cost: loop(MAP + 1, body.cost + filter + MAP + 2), kind: "map", size: n };
    default:
      return { cost: over.cost * 2 + body.cost + 4, kind: "dyn" };
  }
}

/** What functions of strings cost by the characters they pass over, and how much they leave. */
const TEXTS: Readonly<Record<string, number>> = { lowerAscii: 1, upperAscii: 1, substring: 1, trim: 1 };
const READS = new Set([
  "cidr",
  "isIP",
  "isCIDR",
  "ip",
  "quantity",
  "isQuantity",
  "semver",
  "isSemver",
  "url",
  "isURL",
  "startsWith",
  "endsWith",
]);
const LIST_WALKS = new Set(["isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"]);

function call(expr: Expr & { kind: "call" }, scope: Scope): Estimate {
  const space = expr.target?.kind === "ident" && !scope(expr.target.name) && SPACES.has(expr.target.name);
  const target = expr.target && !space ? estimate(expr.target, scope) : undefined;
  const args = expr.args.map((arg) => estimate(arg, scope));
  const given = (target?.cost ?? 0) + costOf(args);
  const [a, b] = args;
  const { name } = expr;
  if (space && (expr.target as { name: string }).name === "sets")
    return scalar(given + 1 + product(product(sizeOr(a!), sizeOr(b!)), name === "equivalent" ? 2 : 1));
  switch (name) {
    case "_&&_":
    case "_||_":
      return scalar(given);
    case "_?_:_": {
      const [condition, yes, no] = args as [Estimate, Estimate, Estimate];
      return { ...yes, size: Math.max(sizeOr(yes), sizeOr(no)), cost: condition.cost + Math.max(yes.cost, no.cost) };
    }
    case "_==_":
    case "_!=_":
      return scalar(given + traversal(Math.min(sizeOr(a!), sizeOr(b!))));
    case "_<_":
    case "_<=_":
    case "_>_":
    case "_>=_":
      return scalar(given + (isText(a!) && isText(b!) ? traversal(Math.min(sizeOr(a!), sizeOr(b!))) : 1));
    case "_+_":
      return sum(a!, b!, given);
    case "@in":
      return scalar(given + (b!.kind === "list" ? sizeOr(b!) : 1));
    case "_[_]":
      return { ...elementOf(a!), cost: given + 1 };
    case "contains":
      if (target) return scalar(given + product(traversal(sizeOr(target)), traversal(sizeOr(a!))));
      break;
    case "matches":
    case "find":
    case "findAll": {
      const [text, pattern] = target ? [target, a!] : [a!, b!];
      const cost = given + product(traversal(sizeOr(text) + 1), traversal(sizeOr(pattern), REGEX));
      return name === "matches" ? scalar(cost) : { cost, kind: name === "find" ? "string" : "list", size: sizeOr(text) };
    }
    case "split":
      if (target)
        return {
          cost: given + traversal(sizeOr(target), 2 * TRAVERSAL),
          kind: "list",
          size: sizeOr(target),
          element: { ...target, cost: 0 },
        };
      break;
    case "replace":
      if (target)
        return { cost: given + traversal(sizeOr(target), 2 * TRAVERSAL), kind: "string", size: replaced(target, a!, b!) };
      break;
    case "join":
      if (target) return joined(target, a, given);
      break;
    case "validate":
      return { cost: given + traversal(traversal(sizeOr(a!)), 128 * REGEX), kind: "dyn" };
    case "size":
    case "bool":
    case "int":
    case "uint":
    case "double":
    case "type":
      return scalar(given + 1);
    case "format":
      if (target) return { cost: given + traversal(sizeOr(target)), kind: "string" };
      break;
    case "bytes":
      return { cost: given + traversal(sizeOr(a!)), kind: "bytes", size: sizeOr(a!) * 4 };
    case "string":
      if (a!.kind === "bytes") return { cost: given + traversal(sizeOr(a!)), kind: "string", size: sizeOr(a!) };
      return { cost: given + 1, kind: "string", ...(a!.kind === "string" && { size: sizeOr(a!) }) };
  }
  if (target && TEXTS[name]) return { cost: given + traversal(sizeOr(target)), kind: "string", size: sizeOr(target) };
  if (target && LIST_WALKS.has(name)) return scalar(given + walked(target));
  if (READS.has(name) && a) return { cost: given + traversal(sizeOr(a)), kind: "dyn", size: sizeOr(a) };
  if (name === "dyn" && a) return { ...a, cost: given + 1 };
  if (target?.optional && (name === "value" || name === "orValue")) {
    const { kind } = target.optional;
    return kind === "scalar" ? scalar(given + 1) : { cost: given + 1, kind };
  }
  return resultOf(space ? `${(expr.target as { name: string }).name}.${name}` : name, Boolean(target), given + 1);
}

/** What stands before the dot of functions that are no methods. */
const SPACES = new Set(["sets", "optional", "strings", "format", "ip", "cidr", "math", "jsonpatch"]);

const isText = ({ kind }: Estimate) => kind === "string" || kind === "bytes";

function sum(a: Estimate, b: Estimate, given: number): Estimate {
  const size = sizeOr(a) + sizeOr(b);
  if (a.kind === "list") return { cost: given + 1, kind: "list", size, element: largest([elementOf(a), elementOf(b)]) };
  return isText(a) ? { cost: given + traversal(size), kind: a.kind, size } : scalar(given + 1);
}

function walked(target: Estimate): number {
  if (target.kind === "string") return traversal(sizeOr(target));
  const element = elementOf(target);
  return product(sizeOr(target), isText(element) ? 1 + traversal(sizeOr(element)) : 1);
}

function replaced(target: Estimate, from: Estimate, to: Estimate): number {
  const [size, cut, put] = [sizeOr(target), from.size ?? 0, sizeOr(to)];
  if (from.sized || cut === 0) return product(size + 1, put) + size;
  return put <= cut ? size : product(Math.ceil(size / cut), put);
}

/** Of a list that was made there is no telling how long its items are. */
function joined(target: Estimate, separator: Estimate | undefined, given: number): Estimate {
  const items = sizeOr(target);
  const each = target.sized?.element?.max ?? Number.POSITIVE_INFINITY;
  const size = product(items, each) + (separator ? product(Math.max(items - 1, 0), sizeOr(separator)) : 0);
  return { cost: given + traversal(size), kind: "string", size };
}
