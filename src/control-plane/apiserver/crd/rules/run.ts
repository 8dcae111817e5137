/**
 * Rules held against an object, all of them, with upstream's words.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go v1.36
 */
import { CelError, Optional, type Program } from "../../../../shared/apimachinery/cel/index.ts";
import {
  duplicate,
  forbidden,
  formatBadValue,
  invalidValue,
  required,
  type FieldError,
} from "../../../../shared/apimachinery/field-error.ts";
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import { walkFieldPath } from "../definition/schema-rules.ts";
import { additionalOf, itemsOf, type Props } from "../structural.ts";
import { itemBefore, memberBefore, type Before } from "../validation/value.ts";
import { rulesOf, type CompiledRule } from "./compile.ts";
import { seen } from "./types.ts";

type Members = Record<string, unknown>;
const isObject = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

const ruled = new WeakMap<Props, boolean>();

/** Whether there is a rule here or below. */
export function hasRules(props: Props): boolean {
  let known = ruled.get(props);
  if (known === undefined) {
    const below = [...Object.values(props.properties ?? {}), additionalOf(props), itemsOf(props)];
    known = Boolean(props["x-kubernetes-validations"]?.length) || below.some((p) => p && hasRules(p));
    ruled.set(props, known);
  }
  return known;
}

/** `resource`: the value has apiVersion, kind and metadata. `tolerated` takes what is wrong with parts that are as they were. */
export function ruleErrors(
  props: Props,
  value: unknown,
  path: string,
  before: Before | undefined,
  resource: boolean,
  tolerated: FieldError[] = [],
): FieldError[] {
  if (!hasRules(props) || value === null || value === undefined) return [];
  const errors = ownErrors(props, value, path, before, resource, tolerated);
  if (Array.isArray(value)) {
    const items = itemsOf(props);
    if (items)
      value.forEach((item, i) =>
        errors.push(...ruleErrors(items, item, `${path}[${i}]`, itemBefore(props, item, before), false, tolerated)),
      );
  } else if (isObject(value)) {
    const additional = additionalOf(props);
    for (const key of Object.keys(value).sort()) {
      const own = props.properties && Object.hasOwn(props.properties, key) ? props.properties[key] : undefined;
      const old = memberBefore(key, before);
      if (own) errors.push(...ruleErrors(own, value[key], path === "" ? key : `${path}.${key}`, old, false, tolerated));
      else if (additional) errors.push(...ruleErrors(additional, value[key], `${path}[${key}]`, old, false, tolerated));
    }
  }
  return errors;
}

function ownErrors(
  props: Props,
  value: unknown,
  path: string,
  before: Before | undefined,
  resource: boolean,
  tolerated: FieldError[],
): FieldError[] {
  if (!props["x-kubernetes-validations"]?.length) return [];
  let self: unknown;
  let oldSelf: unknown;
  const variables = {
    get self() {
      return (self ??= seen(value, props, resource));
    },
    get oldSelf() {
      return (oldSelf ??= before && seen(before.value, props, resource));
    },
  };
  const same = before !== undefined && deepEqual(before.value, value);
  const errors: FieldError[] = [];
  for (const compiled of rulesOf(props, resource)) {
    const { rule, usesOldSelf, program } = compiled;
    if (usesOldSelf && !before && !rule.optionalOldSelf) continue;
    const values = rule.optionalOldSelf
      ? { self: variables.self, oldSelf: new Optional(Boolean(before), variables.oldSelf) }
      : variables;
    const error = program
      ? outcome(compiled, program, values, value, props, path)
      : invalidValue(at(path), typeName(props), compiled.error ?? "");
    // What is as it was may stay, but for what a rule says of the change.
    if (error && same && !usesOldSelf) tolerated.push(error);
    else if (error) errors.push(error);
  }
  return errors;
}

const at = (path: string) => (path === "" ? "<nil>" : path);
const typeName = (props: Props) => props.type ?? "";

function outcome(
  compiled: CompiledRule,
  program: Program,
  values: Readonly<Record<string, unknown>>,
  value: unknown,
  props: Props,
  path: string,
): FieldError | undefined {
  const { rule } = compiled;
  try {
    if (program.evaluate(values) === true) return undefined;
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return invalidValue(at(path), typeName(props), failure(error.message, rule.message?.trim() || rule.rule.trim()));
  }
  const detail = messageOf(compiled, values);
  const place = rule.fieldPath ? inner(rule.fieldPath, props, path) : at(path);
  return refusal(rule.reason, place, rule.fieldPath ? undefined : value, detail);
}

function failure(message: string, rule: string): string {
  if (message.startsWith("no such overload"))
    return `'no such overload': call arguments did not match a supported operator, function or macro signature for rule: ${rule}`;
  if (message.startsWith("operation cancelled"))
    return `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${rule}`;
  return `${message} evaluating rule: ${rule}`;
}

const MAX_MESSAGE = 5 * 1024;

function messageOf({ rule, message }: CompiledRule, values: Readonly<Record<string, unknown>>): string {
  const plain = rule.message?.trim() || `failed rule: ${rule.rule.trim()}`;
  if (!message) return plain;
  try {
    const text = message.evaluate(values);
    const trimmed = typeof text === "string" ? text.trim() : "";
    return trimmed && !/[\n\r]/.test(trimmed) && Buffer.byteLength(trimmed) <= MAX_MESSAGE ? trimmed : plain;
  } catch (error) {
    if (error instanceof CelError) return plain;
    throw error;
  }
}

function inner(fieldPath: string, props: Props, path: string): string {
  const walked = walkFieldPath(fieldPath, props, true);
  if (typeof walked === "string") return at(path);
  if (path === "") return walked.path;
  return walked.path.startsWith("[") ? path + walked.path : `${path}.${walked.path}`;
}

/** Objects and lists are not shown. */
function refusal(reason: string | undefined, field: string, value: unknown, detail: string): FieldError {
  const shown = value !== undefined && typeof value !== "object";
  if (reason === "FieldValueForbidden") return forbidden(field, detail);
  if (reason === "FieldValueRequired") return required(field, detail);
  if (reason === "FieldValueDuplicate")
    return shown ? duplicate(field, value) : { type: "FieldValueDuplicate", field, message: "Duplicate value" };
  const message = shown ? `Invalid value: ${formatBadValue(value)}: ${detail}` : `Invalid value: ${detail}`;
  return { type: "FieldValueInvalid", field, message };
}
