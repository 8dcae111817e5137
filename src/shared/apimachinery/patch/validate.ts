/**
 * Checks an applied configuration against the schema before it is merged, with upstream's words: it answers these with a plain 500.
 *
 * @source vendor/sigs.k8s.io/structured-merge-diff/v6/typed/{validate,helpers}.go v1.36
 */
import type { ScalarName, Schema } from "../schema.ts";
import { memberElement, printElement } from "./elements.ts";
import { goPrint, goType, isObject, type JsonObject } from "./json.ts";
import { isOpen, itemElement, memberSchema } from "./shape.ts";

/** Texts of what is wrong, each with its path; empty where nothing is. */
export function validateConfiguration(object: JsonObject, schema: Schema): string[] {
  const errors: string[] = [];
  check(object, schema, "", errors);
  return errors;
}

/** The texts as upstream joins them. */
export function joinErrors(errors: readonly string[]): string {
  return errors.length === 1 ? errors[0]! : ["errors:", ...errors.map((error) => `  ${error}`)].join("\n");
}

function check(value: unknown, schema: Schema, path: string, errors: string[]): void {
  if (value === null || isOpen(schema)) return;
  if (schema.type === "list") return checkList(value, schema, path, errors);
  if (schema.type !== "scalar") return checkMembers(value, schema, path, errors);
  const text = scalarError(value, schema.scalar);
  if (text) errors.push(at(path, text));
}

const at = (path: string, text: string) => (path ? `${path}: ${text}` : text);

/** How Go prints the wrapper of a JSON value. */
const wrapped = (value: unknown) => `&{${goPrint(value)}}`;

function checkMembers(value: unknown, schema: Schema, path: string, errors: string[]): void {
  if (!isObject(value)) return void errors.push(at(path, `expected map, got ${wrapped(value)}`));
  for (const name of Object.keys(value)) {
    const member = memberSchema(schema, name);
    const below = path + printElement(memberElement(name));
    if (!member) return void errors.push(at(below, "field not declared in schema"));
    check(value[name], member, below, errors);
  }
}

function checkList(value: unknown, schema: Schema & { type: "list" }, path: string, errors: string[]): void {
  if (!Array.isArray(value)) return void errors.push(at(path, `expected list, got ${wrapped(value)}`));
  if (schema.listType === "atomic") return value.forEach((item, i) => check(item, schema.items, `${path}[${i}]`, errors));
  const seen = new Set<string>();
  for (const [i, item] of value.entries()) {
    const named = nameItem(schema, item);
    if ("error" in named) return void errors.push(at(path, `element ${i}: ${named.error}`));
    const printed = printElement(named.element);
    if (seen.has(named.element)) errors.push(at(path, `duplicate entries for key ${printed}`));
    seen.add(named.element);
    check(item, schema.items, path + printed, errors);
  }
}

function nameItem(schema: Schema & { type: "list" }, item: unknown): { element: string } | { error: string } {
  try {
    return { element: itemElement(schema, item) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const NUMBERS: ReadonlySet<ScalarName> = new Set<ScalarName>(["int32", "int64", "double"]);
const ANY_SCALAR: ReadonlySet<ScalarName> = new Set<ScalarName>(["Quantity", "Time", "MicroTime"]);

function scalarError(value: unknown, scalar: ScalarName): string | undefined {
  if (scalar === "RawExtension" || scalar === "IntOrString") return undefined;
  if (ANY_SCALAR.has(scalar)) return typeof value === "object" ? `expected any scalar, got ${wrapped(value)}` : undefined;
  if (NUMBERS.has(scalar)) return typeof value === "number" ? undefined : `expected numeric (int or float), got ${goType(value)}`;
  if (scalar === "boolean") return typeof value === "boolean" ? undefined : `expected boolean, got ${wrapped(value)}`;
  return typeof value === "string" ? undefined : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
}

/** `%#v`. */
function goSyntax(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (!isObject(value)) return typeof value === "string" ? JSON.stringify(value) : String(value);
  const members = Object.keys(value).sort();
  return `map[string]interface {}{${members.map((name) => `${JSON.stringify(name)}:${goSyntax(value[name])}`).join(", ")}}`;
}
