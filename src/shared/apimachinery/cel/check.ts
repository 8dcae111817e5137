/**
 * The type of an expression, and what cannot be: names that nobody declared, fields that a type lacks, functions that do not take these
 * arguments. What is `dyn` is left to the evaluation.
 */
import type { CelIssue, Expr } from "./ast.ts";
import { dotted } from "./evaluate.ts";
import { compiled } from "./functions/standard.ts";
import { durationOf, timestampOf } from "./functions/time.ts";
import type { Library } from "./library.ts";
import {
  dyn,
  fits,
  listOf,
  mapOf,
  optionalOf,
  showType,
  substituted,
  type,
  TYPE_NAMES,
  type Bindings,
  type CelType,
} from "./types.ts";

/** undefined: not declared. */
export type Declarations = (name: string) => CelType | undefined;

export interface Checked {
  type: CelType;
  issues: CelIssue[];
}

/** What stands where a type could not be found: nothing more is said about it. */
const unknown = type("dyn");

export interface CheckOptions {
  library: Library;
  variables: Declarations;
  /** Types that `Name{…}` may construct. */
  types?: Declarations;
}

export function check(expr: Expr, { library, variables, types }: CheckOptions): Checked {
  const issues: CelIssue[] = [];
  const fail = (at: number, message: string): CelType => {
    issues.push({ at, message });
    return unknown;
  };
  const undeclared = (at: number, name: string) => fail(at, `undeclared reference to '${name}' (in container '')`);
  return { type: typeOf(expr, variables), issues };

  function typeOf(of: Expr, scope: Declarations): CelType {
    switch (of.kind) {
      case "literal":
        return literalType(of.value);
      case "ident":
        return scope(of.name) ?? (TYPE_NAMES.has(of.name) ? type("type") : undeclared(of.at, of.name));
      case "select": {
        const name = dotted(of);
        if (name && TYPE_NAMES.has(name)) return type("type");
        return select(typeOf(of.target, scope), of.field, of.at, of.optional);
      }
      case "has":
        select(typeOf(of.target, scope), of.field, of.at, false);
        return type("bool");
      case "list": {
        const items = of.items.map(({ value, optional }) => ({ at: value.at, type: unwrapped(typeOf(value, scope), optional) }));
        return listOf(common(items));
      }
      case "map": {
        const keys = of.entries.map(({ key }) => ({ at: key.at, type: typeOf(key, scope) }));
        const values = of.entries.map(({ value, optional }) => ({
          at: value.at,
          type: unwrapped(typeOf(value, scope), optional),
        }));
        return mapOf(common(keys), common(values));
      }
      case "struct":
        return struct(of, scope);
      case "macro":
        return macro(of, scope);
      case "call":
        return call(of, scope);
    }
  }

  function unwrapped(of: CelType, optional: boolean): CelType {
    return optional && of.name === "optional_type" ? of.args![0]! : of;
  }

  /** Items of one list, and keys or values of one map, have one type. */
  function common(items: readonly { at: number; type: CelType }[]): CelType {
    let found: CelType | undefined;
    for (const { at, type: given } of items) {
      if (!found || found.name === "null_type") found = given;
      else if (!fits(found, given, new Map()))
        return fail(at, `expected type '${showType(found)}' but found '${showType(given)}'`);
      else if (given.name === "dyn") found = dyn;
    }
    return found ?? dyn;
  }

  function select(target: CelType, field: string, at: number, optional: boolean): CelType {
    if (target.name === "optional_type") return optionalOf(plain(select(target.args![0]!, field, at, false)));
    const found = fieldType(target, field, at);
    return optional ? optionalOf(found) : found;
  }

  function fieldType(target: CelType, field: string, at: number): CelType {
    if (target.name === "dyn" || target.name.length === 1) return dyn;
    if (target.name === "map") return target.args![1]!;
    if (target.field) return target.field(field) ?? fail(at, `undefined field '${field}'`);
    return fail(at, `type '${showType(target)}' does not support field selection`);
  }

  function struct(of: Expr & { kind: "struct" }, scope: Declarations): CelType {
    const made = types?.(of.type);
    for (const { field, value, at, optional } of of.entries) {
      const given = unwrapped(typeOf(value, scope), optional);
      if (!made) continue;
      const wanted = made.field?.(field);
      if (!wanted) fail(at, `undefined field '${field}'`);
      else if (!fits(wanted, given, new Map()))
        fail(at, `expected type of field '${field}' is '${showType(wanted)}' but provided type is '${showType(given)}'`);
    }
    return made ?? undeclared(of.at, of.type);
  }

  function macro(of: Expr & { kind: "macro" }, scope: Declarations): CelType {
    const over = typeOf(of.target, scope);
    const [first, second] = variableTypes(of, over);
    const within: Declarations = (name) => (name === of.variables[0] ? first : name === of.variables[1] ? second : scope(name));
    if (of.filter) mustBeBool(of.filter, typeOf(of.filter, within));
    const body = typeOf(of.body, within);
    switch (of.name) {
      case "map":
      case "transformList":
        return listOf(body);
      case "filter":
        mustBeBool(of.body, body);
        return listOf(first);
      case "transformMap":
        return mapOf(first, body);
      case "transformMapEntry":
        return body;
      case "optMap":
        return optionalOf(body);
      case "optFlatMap":
        return body;
      default:
        mustBeBool(of.body, body);
        return type("bool");
    }
  }

  function variableTypes(of: Expr & { kind: "macro" }, over: CelType): [CelType, CelType] {
    const [a = dyn, b = dyn] = over.args ?? [];
    const pairs = of.variables.length === 2;
    if (over.name === "list") return pairs ? [type("int"), a] : [a, dyn];
    if (over.name === "map") return [a, b];
    if (over.name === "optional_type") return [a, dyn];
    if (over.name !== "dyn")
      fail(
        of.target.at,
        `expression of type '${showType(over)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
      );
    return [dyn, dyn];
  }

  function mustBeBool(of: Expr, given: CelType): void {
    if (!fits(type("bool"), given, new Map())) fail(of.at, `expected type 'bool' but found '${showType(given)}'`);
  }

  function call(of: Expr & { kind: "call" }, scope: Declarations): CelType {
    const { target, args, at } = of;
    const prefix = target && dotted(target);
    const qualified = prefix && !scope(prefix.split(".", 1)[0]!) && library.has(`${prefix}.${of.name}`);
    const name = qualified ? `${prefix}.${of.name}` : of.name;
    const method = Boolean(target && !qualified);
    const given = [...(method ? [target!] : []), ...args].map((arg) =>
      of.name === "format" && arg.kind === "list" ? mixed(arg, scope) : typeOf(arg, scope),
    );
    const special = specialForm(name, given, at);
    if (special) return special;
    if (!library.has(name)) return undeclared(at, name);
    checkLiteral(name, args);
    return overloaded(name, method, given, at);
  }

  /** Texts that stand there can be read beforehand. */
  function checkLiteral(name: string, args: readonly Expr[]): void {
    const literal = args.at(-1);
    const read = READ_BEFOREHAND[name];
    if (!read || literal?.kind !== "literal" || typeof literal.value !== "string") return;
    try {
      read(literal.value);
    } catch {
      fail(literal.at, `invalid ${name} argument`);
    }
  }

  /** The values that a text is formatted with are of any types. */
  function mixed({ items }: Expr & { kind: "list" }, scope: Declarations): CelType {
    for (const { value } of items) typeOf(value, scope);
    return listOf(dyn);
  }

  function specialForm(name: string, given: readonly CelType[], at: number): CelType | undefined {
    const bool = type("bool");
    const wrong = () => noOverload(name, false, given, at);
    if (name === "_&&_" || name === "_||_") return given.every((g) => fits(bool, g, new Map())) ? bool : wrong();
    if (name === "_?_:_") {
      const [condition, yes, no] = given;
      if (!fits(bool, condition!, new Map()) || (!fits(yes!, no!, new Map()) && !fits(no!, yes!, new Map()))) return wrong();
      return yes!.name === "null_type" || no!.name === "dyn" ? no! : yes!;
    }
    if (name !== "_[_]" && name !== "_[?_]") return undefined;
    const [over, key] = given;
    const inner = over!.name === "optional_type" ? over!.args![0]! : over!;
    const keyType = inner.name === "list" ? type("int") : inner.name === "map" ? inner.args![0]! : dyn;
    if (!["list", "map", "dyn"].includes(inner.name) || !fits(keyType, key!, new Map())) return wrong();
    const found = inner.name === "list" ? inner.args![0]! : inner.name === "map" ? inner.args![1]! : dyn;
    return name === "_[?_]" || inner !== over ? optionalOf(plain(found)) : found;
  }

  function overloaded(name: string, method: boolean, given: readonly CelType[], at: number): CelType {
    const results: CelType[] = [];
    for (const { parameters, result } of library.overloads(name, method)) {
      const bindings: Bindings = new Map();
      if (parameters.length === given.length && parameters.every((p, i) => fits(p, given[i]!, bindings)))
        results.push(substituted(result, bindings));
    }
    if (!results.length) return noOverload(name, method, given, at);
    return results.every((r) => showType(r) === showType(results[0]!)) ? results[0]! : dyn;
  }

  function noOverload(name: string, method: boolean, given: readonly CelType[], at: number): CelType {
    const [first, ...rest] = given.map(showType);
    const applied = method ? `${first}.(${rest.join(", ")})` : `(${[first, ...rest].join(", ")})`;
    return fail(at, `found no matching overload for '${name}' applied to '${applied}'`);
  }
}

const READ_BEFOREHAND: Readonly<Record<string, (text: string) => unknown>> = {
  duration: durationOf,
  timestamp: timestampOf,
  matches: compiled,
};

const plain = (of: CelType): CelType => (of.name === "optional_type" ? of.args![0]! : of);

function literalType(value: unknown): CelType {
  switch (typeof value) {
    case "bigint":
      return type("int");
    case "number":
      return type("double");
    case "string":
      return type("string");
    case "boolean":
      return type("bool");
  }
  if (value === null) return type("null_type");
  return type(value instanceof Uint8Array ? "bytes" : "uint");
}
