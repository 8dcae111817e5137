/** Static types, the notation that signatures are written in, and what fits where. */

export interface CelType {
  /** `int`, `list`, `dyn`, …, the name of an object or opaque type, or a type variable (one upper-case letter). */
  name: string;
  args?: readonly CelType[];
  /** Object types: the type of a field, undefined where there is no such field. */
  field?(name: string): CelType | undefined;
}

/** Types that an expression can name: each is a value too. */
export const TYPE_NAMES = new Set([
  "bool",
  "int",
  "uint",
  "double",
  "string",
  "bytes",
  "list",
  "map",
  "null_type",
  "type",
  "google.protobuf.Timestamp",
  "google.protobuf.Duration",
]);

const simple = new Map<string, CelType>();

export function type(name: string): CelType {
  return simple.get(name) ?? simple.set(name, { name }).get(name)!;
}

export const dyn = type("dyn");
export const listOf = (element: CelType): CelType => ({ name: "list", args: [element] });
export const mapOf = (key: CelType, value: CelType): CelType => ({ name: "map", args: [key, value] });
export const optionalOf = (value: CelType): CelType => ({ name: "optional_type", args: [value] });

/** An object whose fields are known. */
export function objectType(name: string, fields: Readonly<Record<string, CelType>>): CelType {
  return { name, field: (field) => (Object.hasOwn(fields, field) ? fields[field] : undefined) };
}

/** `map<A,list<int>>` */
export function parseType(text: string): CelType {
  const [found, rest] = readType(text.trim());
  if (rest.trim()) throw new Error(`type ${text}`);
  return found;
}

const SHORT: Record<string, string> = {
  timestamp: "google.protobuf.Timestamp",
  duration: "google.protobuf.Duration",
  null: "null_type",
  optional: "optional_type",
};

function readType(text: string): [CelType, string] {
  const name = /^[\w.]+/.exec(text)![0];
  let rest = text.slice(name.length);
  const full = SHORT[name] ?? name;
  if (!rest.startsWith("<")) return [type(full), rest];
  const args: CelType[] = [];
  do {
    const [arg, after] = readType(rest.slice(1).trimStart());
    args.push(arg);
    rest = after.trimStart();
  } while (rest.startsWith(","));
  return [{ name: full, args }, rest.slice(1)];
}

export interface Signature {
  name: string;
  /** A method: its first parameter is what stands before the dot. */
  method: boolean;
  parameters: readonly CelType[];
  result: CelType;
}

/** `string.startsWith(string): bool`, `size(list<A>): int`; functions with a dotted name are marked `::`, `sets::contains(…)`. */
export function parseSignature(text: string): Signature {
  const [, receiver, name, parameters, result] = /^(?:([\w<>, .]+?)\.(?=[\w@?]+\())?((?:\w+::)?[^(]+)\((.*)\): (.+)$/.exec(text)!;
  const own = receiver ? [parseType(receiver)] : [];
  return {
    name: name!.replace("::", "."),
    method: Boolean(receiver),
    parameters: [...own, ...splitTypes(parameters!).map(parseType)],
    result: parseType(result!),
  };
}

function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const char of text) {
    if (char === "," && depth === 0) {
      parts.push(part);
      part = "";
      continue;
    }
    if (char === "<") depth++;
    if (char === ">") depth--;
    part += char;
  }
  return part.trim() ? [...parts, part] : parts;
}

const isVariable = ({ name }: CelType) => name.length === 1;
const NOT_NULLABLE = new Set(["int", "uint", "double", "bool", "string", "bytes", "list", "map", "type"]);

export type Bindings = Map<string, CelType>;

/** Whether an argument of type `given` may stand where `wanted` is; type variables of `wanted` are bound on the way. */
export function fits(wanted: CelType, given: CelType, bindings: Bindings): boolean {
  if (isVariable(wanted)) {
    const bound = bindings.get(wanted.name);
    if (!bound || bound.name === "dyn" || isVariable(bound)) {
      bindings.set(wanted.name, given);
      return true;
    }
    return fits(bound, given, bindings);
  }
  if (wanted.name === "dyn" || given.name === "dyn" || isVariable(given)) return true;
  if (wanted.name === given.name)
    return (wanted.args ?? []).every((arg, i) => given.args?.[i] === undefined || fits(arg, given.args[i]!, bindings));
  if (given.name === "null_type") return !NOT_NULLABLE.has(wanted.name);
  return wanted.name === "null_type" && !NOT_NULLABLE.has(given.name);
}

/** With its variables replaced by what they were bound to; unbound ones are dyn. */
export function substituted(of: CelType, bindings: Bindings): CelType {
  if (isVariable(of)) return bindings.get(of.name) ?? dyn;
  if (!of.args) return of;
  return { ...of, args: of.args.map((arg) => substituted(arg, bindings)) };
}

/** As messages tell it: `list(map(string, string))`. */
export function showType({ name, args }: CelType): string {
  if (name.length === 1) return "dyn";
  return args
    ? `${name === "null_type" ? "null" : name}(${args.map(showType).join(", ")})`
    : name === "null_type"
      ? "null"
      : name;
}
