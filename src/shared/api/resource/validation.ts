/**
 * What the kinds of resource.k8s.io share: lists with limits, names, selectors, configuration, taints and tolerations.
 *
 * @source pkg/apis/resource/validation/validation.go v1.36
 */
import {
  duplicate,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from "../../apimachinery/field-error.ts";
import { byteLength, isCIdentifier, isDNS1123Subdomain, isLabelValue, validateLabelName } from "../../apimachinery/validation.ts";
import { sortedEntries } from "../core/validation/resources.ts";
import { validateDriverName } from "../core/validation/volume-sources.ts";
import type { DeviceConfiguration, DeviceSelector, DeviceTaint, DeviceToleration } from "../generated/resource-v1.ts";

type Rule<T> = (path: string, item: T) => FieldError[];

/** A list that is too long is not looked at further. */
export function validateSlice<T>(path: string, items: readonly T[] = [], max: number, rule: Rule<T>): FieldError[] {
  if (items.length > max) return [tooMany(path, items.length, max)];
  return items.flatMap((item, i) => rule(`${path}[${i}]`, item));
}

export function validateSet<T>(
  path: string,
  items: readonly T[] = [],
  max: number,
  keyOf: (item: T) => string,
  rule: Rule<T>,
): FieldError[] {
  const errors = validateSlice(path, items, max, rule);
  if (items.length > max) return errors;
  const keys = items.map(keyOf);
  const twice = keys.flatMap((key, i) => (keys.indexOf(key) < i ? [duplicate(`${path}[${i}]`, key)] : []));
  return [...errors, ...twice];
}

export function validateMap<T>(
  path: string,
  items: Readonly<Record<string, T>> | undefined,
  key: (path: string, name: string) => FieldError[],
  rule: Rule<T>,
): FieldError[] {
  return sortedEntries(items).flatMap(([name, item]) => [...key(path, name), ...rule(`${path}[${name}]`, item)]);
}

const MAX_ID = 32;
const MAX_POOL = 253;
const MAX_SELECTORS = 32;
const MAX_EXPRESSION = 10 * 1024;
const MAX_PARAMETERS = 10 * 1024;

export function validatePoolName(path: string, name: string): FieldError[] {
  if (!name) return [required(path)];
  const errors = name.length > MAX_POOL ? [tooLong(path, MAX_POOL)] : [];
  const parts = name.split("/").flatMap((part) => isDNS1123Subdomain(part).map((text) => invalidValue(path, part, text)));
  return [...errors, ...parts];
}

function validateId(path: string, id: string): FieldError[] {
  const errors = byteLength(id) > MAX_ID ? [tooLong(path, MAX_ID)] : [];
  return [...errors, ...isCIdentifier(id).map((text) => invalidValue(path, id, text))];
}

/** `model`, or `d.example.com/model`. */
export function validateQualifiedName(path: string, name: string): FieldError[] {
  const [head = "", tail, more] = name.split("/");
  if (tail === undefined) return validateId(path, head);
  if (more !== undefined) return [];
  return [
    ...(head ? validateDriverName(path, head) : [invalidValue(path, "", "the domain must not be empty")]),
    ...(tail ? validateId(path, tail) : [invalidValue(path, "", "the name must not be empty")]),
  ];
}

export function validateFullyQualifiedName(path: string, name: string): FieldError[] {
  const errors = validateQualifiedName(path, name);
  if (name.includes("/")) return errors;
  return [...errors, invalidValue(path, name, "a fully qualified name must be a domain and a name separated by a slash")];
}

/** Whether the expressions compile is not judged here: that takes the devices' own types. */
export const validateSelectors = (path: string, selectors: readonly DeviceSelector[] | undefined): FieldError[] =>
  validateSlice(path, selectors, MAX_SELECTORS, (at, { cel }) => {
    if (!cel) return [required(`${at}.cel`)];
    const long = byteLength(cel.expression ?? "") > MAX_EXPRESSION;
    return long ? [tooLong(`${at}.cel.expression`, MAX_EXPRESSION)] : [];
  });

export function validateConfiguration(path: string, { opaque }: DeviceConfiguration): FieldError[] {
  if (!opaque) return [required(`${path}.opaque`)];
  return [
    ...validateDriverName(`${path}.opaque.driver`, opaque.driver ?? ""),
    ...validateRaw(`${path}.opaque.parameters`, opaque.parameters),
  ];
}

export function validateRaw(path: string, value: unknown): FieldError[] {
  if (value === undefined || value === null) return [required(path)];
  if (byteLength(JSON.stringify(value)) > MAX_PARAMETERS) return [tooLong(path, MAX_PARAMETERS)];
  const object = typeof value === "object" && !Array.isArray(value);
  return object ? [] : [invalidValue(path, "<value omitted>", "must be a valid JSON object")];
}

const EFFECTS = ["NoExecute", "NoSchedule", "None"];

const validateLabelValue = (path: string, value: string): FieldError[] =>
  isLabelValue(value).map((text) => invalidValue(path, value, text));

export function validateTaint(path: string, { key, value, effect }: DeviceTaint): FieldError[] {
  const errors = validateLabelName(`${path}.key`, key ?? "");
  if (value) errors.push(...validateLabelValue(`${path}.value`, value));
  if (!effect) errors.push(required(`${path}.effect`));
  else if (!EFFECTS.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, EFFECTS));
  return errors;
}

export function validateToleration(path: string, { key, operator, value = "", effect }: DeviceToleration): FieldError[] {
  const errors = key ? validateLabelName(`${path}.key`, key) : [];
  if (operator === "Exists") {
    if (value) errors.push(invalidValue(`${path}.value`, value, "must be empty for operator `Exists`"));
  } else if (operator === "Equal") errors.push(...validateLabelValue(`${path}.value`, value));
  else if (!operator) errors.push(required(`${path}.operator`));
  else errors.push(notSupported(`${path}.operator`, operator, ["Equal", "Exists"], "given"));
  if (effect && !EFFECTS.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, EFFECTS));
  return errors;
}

const MAX_BINDING = 4;

/** Conditions that bind, and conditions that say it failed: both or neither, none in both. */
export function validateBinding(path: string, binding: readonly string[] = [], failure: readonly string[] = []): FieldError[] {
  const [on, off] = [`${path}.bindingConditions`, `${path}.bindingFailureConditions`];
  const errors = [
    ...validateSet(on, binding, MAX_BINDING, (name) => name, validateLabelName),
    ...validateSet(off, failure, MAX_BINDING, (name) => name, validateLabelName),
  ];
  failure.forEach((name, i) => {
    const text = "bindingFailureConditions must not overlap with bindingConditions";
    if (binding.includes(name)) errors.push(invalidValue(`${off}[${i}]`, name, text));
  });
  if (!binding.length && failure.length)
    errors.push(invalidValue(on, binding, "bindingConditions are required to use bindingFailureConditions"));
  if (!failure.length && binding.length)
    errors.push(invalidValue(off, failure, "bindingFailureConditions are required to use bindingConditions"));
  return errors;
}
