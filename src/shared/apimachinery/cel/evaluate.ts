/** Runs an expression over values. Whatever goes wrong is thrown as a CelError. */
import type { Expr } from "./ast.ts";
import type { Library } from "./library.ts";
import {
  canonical,
  CelError,
  double,
  entryOf,
  isMap,
  keysOf,
  numberOf,
  Opaque,
  Optional,
  Struct,
  typeNameOf,
  TypeValue,
  Uint,
} from "./values.ts";
import { TYPE_NAMES } from "./types.ts";

export interface Scope {
  /** undefined: not declared here. */
  get(name: string): unknown;
}

export interface Evaluation {
  library: Library;
  /** Steps that may still be made; guards against expressions that never end. */
  budget: { steps: number };
}

export function evaluate(expr: Expr, scope: Scope, run: Evaluation): unknown {
  if (--run.budget.steps < 0) throw new CelError("operation cancelled: actual cost limit exceeded");
  const value = (of: Expr) => evaluate(of, scope, run);
  switch (expr.kind) {
    case "literal": {
      const { value: given } = expr;
      if (typeof given === "number") return double(given);
      return given !== null && typeof given === "object" && "uint" in given ? new Uint(given.uint) : given;
    }
    case "ident":
      return identifier(expr.name, scope);
    case "select": {
      const name = dotted(expr);
      if (name && TYPE_NAMES.has(name)) return new TypeValue(name);
      return expr.optional ? optionalField(value(expr.target), expr.field) : field(value(expr.target), expr.field);
    }
    case "has":
      return hasField(value(expr.target), expr.field);
    case "call":
      return call(expr, scope, run);
    case "list":
      return expr.items.flatMap(({ value: item, optional }) => {
        const given = value(item);
        if (!optional) return [given];
        return (given as Optional).present ? [(given as Optional).value] : [];
      });
    case "map": {
      const map = new Map<unknown, unknown>();
      for (const entry of expr.entries) put(map, value(entry.key), value(entry.value), entry.optional);
      return map;
    }
    case "struct": {
      const fields = new Map<unknown, unknown>();
      for (const entry of expr.entries) put(fields, entry.field, value(entry.value), entry.optional);
      return new Struct(expr.type, fields as Map<string, unknown>);
    }
    case "macro":
      return macro(expr, scope, run);
  }
}

function put(map: Map<unknown, unknown>, key: unknown, value: unknown, optional: boolean): void {
  if (!optional) map.set(key, value);
  else if ((value as Optional).present) map.set(key, (value as Optional).value);
}

function identifier(name: string, scope: Scope): unknown {
  const value = scope.get(name);
  if (value !== undefined) return canonical(value);
  if (TYPE_NAMES.has(name)) return new TypeValue(name);
  throw new CelError(`no such attribute(s): ${name}`);
}

function field(target: unknown, name: string): unknown {
  if (target instanceof Optional) return optionalField(target, name);
  if (target instanceof Opaque && target.members?.[name] !== undefined) return target.members[name];
  if (!isMap(target) && !(target instanceof Struct)) throw new CelError(`no such key: ${name}`);
  const entry = entryOf(target, name);
  if (!entry.found) throw new CelError(`no such key: ${name}`);
  return entry.value;
}

function optionalField(target: unknown, name: unknown): Optional {
  if (target instanceof Optional) return target.present ? optionalField(target.value, name) : target;
  if (Array.isArray(target)) {
    const index = Number(numberOf(name) ?? -1);
    return index >= 0 && index < target.length ? new Optional(true, canonical(target[index])) : new Optional(false);
  }
  const entry = isMap(target) || target instanceof Struct ? entryOf(target, name) : { found: false };
  return entry.found ? new Optional(true, entry.value) : new Optional(false);
}

function hasField(target: unknown, name: string): boolean {
  if (target instanceof Optional) return target.present && hasField(target.value, name);
  if (!isMap(target) && !(target instanceof Struct)) throw new CelError("no such overload");
  return entryOf(target, name).found;
}

function call(expr: Expr & { kind: "call" }, scope: Scope, run: Evaluation): unknown {
  const value = (of: Expr) => evaluate(of, scope, run);
  const { name, target, args } = expr;
  if (name === "_&&_" || name === "_||_") return junction(name === "_||_", args, value);
  if (name === "_?_:_") return value(truth(value(args[0]!)) ? args[1]! : args[2]!);
  if (name === "_[_]") return index(value(args[0]!), value(args[1]!));
  if (name === "_[?_]") return optionalField(value(args[0]!), value(args[1]!));
  if ((name === "or" || name === "orValue") && target) {
    const first = value(target);
    if (first instanceof Optional) return first.present ? (name === "or" ? first : first.value) : value(args[0]!);
  }
  const prefix = target && dotted(target);
  const qualified = prefix && scope.get(prefix.split(".", 1)[0]!) === undefined && run.library.has(`${prefix}.${name}`);
  const values = [...(target && !qualified ? [target] : []), ...args].map(value);
  const found = run.library.find(qualified ? `${prefix}.${name}` : name, Boolean(target && !qualified), values);
  if (!found) throw new CelError(`no such overload: ${name}(${values.map(typeNameOf).join(", ")})`.replace(/: _?[^\w].*$/, ""));
  return canonical(found.call(...(values as never[])));
}

/** `a.b.c` of nothing but names. */
export function dotted(expr: Expr): string | undefined {
  if (expr.kind === "ident") return expr.name;
  if (expr.kind !== "select" || expr.optional) return undefined;
  const head = dotted(expr.target);
  return head && `${head}.${expr.field}`;
}

/** What decides wins, even where the other side fails. */
function junction(decisive: boolean, [left, right]: Expr[], value: (of: Expr) => unknown): boolean {
  let failure: unknown;
  for (const side of [left!, right!]) {
    try {
      if (truth(value(side)) === decisive) return decisive;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure ??= error;
    }
  }
  if (failure) throw failure;
  return !decisive;
}

function truth(value: unknown): boolean {
  if (typeof value !== "boolean") throw new CelError("no such overload");
  return value;
}

function index(target: unknown, key: unknown): unknown {
  if (target instanceof Optional) return optionalField(target, key);
  if (Array.isArray(target)) {
    const number = numberOf(key);
    if (number === undefined || !Number.isInteger(Number(number)))
      throw new CelError(`unsupported index type '${typeNameOf(key)}' in list`);
    if (number < 0 || number >= target.length) throw new CelError(`index out of bounds: ${number}`);
    return canonical(target[Number(number)]);
  }
  if (!isMap(target)) throw new CelError("no such overload");
  const entry = entryOf(target, key);
  if (!entry.found) throw new CelError(`no such key: ${String(numberOf(key) ?? key)}`);
  return entry.value;
}

type Macro = Expr & { kind: "macro" };

function macro(expr: Macro, scope: Scope, run: Evaluation): unknown {
  const over = evaluate(expr.target, scope, run);
  const [first, second] = expr.variables;
  const within = (a: unknown, b: unknown): Scope => ({
    get: (name) => (name === first ? (a ?? null) : name === second ? (b ?? null) : scope.get(name)),
  });
  if (expr.name === "optMap" || expr.name === "optFlatMap") {
    if (!(over instanceof Optional)) throw new CelError("no such overload");
    if (!over.present) return over;
    const result = evaluate(expr.body, within(over.value, undefined), run);
    return expr.name === "optMap" ? new Optional(true, result) : result;
  }
  const scopes = elements(over, second !== undefined).map(([a, b]) => ({ element: a, key: a, inner: within(a, b) }));
  const body = (inner: Scope) => evaluate(expr.body, inner, run);
  const kept = (inner: Scope) => !expr.filter || truth(evaluate(expr.filter, inner, run));
  switch (expr.name) {
    case "all":
    case "exists":
      return quantified(
        expr.name === "exists",
        scopes.map(({ inner }) => inner),
        body,
      );
    case "exists_one":
    case "existsOne":
      return scopes.filter(({ inner }) => truth(body(inner))).length === 1;
    case "filter":
      return scopes.filter(({ inner }) => truth(body(inner))).map(({ element }) => element);
    case "map":
    case "transformList":
      return scopes.filter(({ inner }) => kept(inner)).map(({ inner }) => body(inner));
    case "transformMap":
      return new Map(scopes.filter(({ inner }) => kept(inner)).map(({ key, inner }) => [key, body(inner)]));
    default: {
      const made = scopes.filter(({ inner }) => kept(inner)).map(({ inner }) => body(inner));
      return new Map(made.flatMap((map) => keysOf(map).map((key) => [key, entryOf(map, key).value] as const)));
    }
  }
}

/** What one variable takes on (items of a list, keys of a map), or two (index or key, and value). */
function elements(over: unknown, pairs: boolean): [unknown, unknown][] {
  if (Array.isArray(over)) return over.map((item, i) => (pairs ? [BigInt(i), canonical(item)] : [canonical(item), undefined]));
  if (!isMap(over)) throw new CelError("no such overload");
  return keysOf(over).map((key) => [key, pairs ? entryOf(over, key).value : undefined]);
}

function quantified(decisive: boolean, scopes: readonly Scope[], body: (inner: Scope) => unknown): boolean {
  let failure: unknown;
  for (const inner of scopes) {
    try {
      if (truth(body(inner)) === decisive) return decisive;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure ??= error;
    }
  }
  if (failure) throw failure;
  return !decisive;
}
