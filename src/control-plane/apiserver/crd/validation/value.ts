/**
 * A value against an OpenAPI v3 schema, every fault found, in upstream's words.
 *
 * On an update a part that is as it was before is not held to a schema that has become stricter since (ratcheting).
 *
 * @source vendor/k8s.io/kube-openapi/pkg/validation/validate, staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation v1.36
 */
import {
  formatBadValue,
  invalidValue,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  type FieldError,
} from "../../../../shared/apimachinery/field-error.ts";
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import { itemsOf, type Props } from "../structural.ts";
import { isFormat, isRecognized, knownFormat } from "./formats.ts";
import { patternOf } from "./pattern.ts";

/** What stood here before; absent: nothing that could be compared. */
export interface Before {
  value: unknown;
}

interface Outcome {
  errors: FieldError[];
  /** How many checks were made: of several alternatives, the one that went farthest is told of. */
  checks: number;
}

type Members = Record<string, unknown>;

const isObject = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

/** `path`: of the value, `""` at the root. */
export function validateValue(props: Props, value: unknown, path = "", before?: Before): FieldError[] {
  return check(props, value, path, before).errors;
}

function check(props: Props, value: unknown, path: string, before: Before | undefined): Outcome {
  const outcome = checkAll(props, value, path, before);
  if (outcome.errors.length && before && deepEqual(before.value, value)) return { errors: [], checks: outcome.checks };
  return outcome;
}

function checkAll(props: Props, value: unknown, path: string, before: Before | undefined): Outcome {
  const out: Outcome = { errors: [], checks: 1 };
  const types = props["x-kubernetes-int-or-string"] ? ["integer", "string"] : props.type ? [props.type] : [];
  const format = knownFormat(props);
  const wrong = types.length ? typeFault(props, types, value) : undefined;
  if (wrong) {
    const text = `${path} in body must be of type ${wrong.wanted}: ${JSON.stringify(wrong.found)}`;
    out.errors.push(typeInvalid(path, wrong.found, text));
  }
  if (value === null) {
    checkEnum(props, value, path, out);
    return out;
  }
  junctors(props, value, path, before, out);
  if (typeof value === "string") checkText(props, value, path, format, out);
  if (typeof value === "number") checkNumber(props, value, path, out);
  if (Array.isArray(value)) checkItems(props, value, path, before, out);
  checkEnum(props, value, path, out);
  if (isObject(value)) checkMembers(props, value, path, before, out);
  return out;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return isInteger(value) ? "integer" : "number";
  return typeof value;
}

const INT64 = 2 ** 63;

/** What does not fit into 64 bits is read as a fraction. */
const isInteger = (value: number) => Number.isInteger(value) && value < INT64 && value >= -INT64;

/** A format is told instead of the type it belongs to, and lets lists pass where texts are expected. */
function typeFault(props: Props, types: readonly string[], value: unknown): { wanted: string; found: string } | undefined {
  if ((value === null && props.nullable) || hasType(types, value)) return undefined;
  const found = typeOf(value);
  const numeric = types.includes("integer") || types.includes("number");
  if (props.format && value !== null && isRecognized(props)) {
    const text = typeof value === "string" || Array.isArray(value);
    if (text && !numeric) return undefined;
    if (!text) return { wanted: props.format, found: NUMBER_FORMAT[found] ?? "" };
  }
  return { wanted: types.join(","), found };
}

const NUMBER_FORMAT: Readonly<Record<string, string>> = { integer: "int64", number: "float64" };

function hasType(types: readonly string[], value: unknown): boolean {
  const type = typeOf(value);
  return types.includes(type) || (type === "integer" && types.includes("number"));
}

/** An error that is of no field. */
const ofNone = (message: string) => invalidValue("<nil>", "", message);

function junctors(props: Props, value: unknown, path: string, before: Before | undefined, out: Outcome): void {
  const name = JSON.stringify(path);
  const add = (o: Outcome) => {
    out.errors.push(...o.errors);
    out.checks += o.checks;
  };
  const farthest = (outcomes: Outcome[]) => outcomes.reduce((best, o) => (o.checks > best.checks ? o : best));
  const tried = (alternatives: readonly Props[]) => alternatives.map((p) => check(p, value, path, before));
  if (props.anyOf?.length) {
    const outcomes = tried(props.anyOf);
    const valid = outcomes.find((o) => !o.errors.length);
    if (valid) out.checks += valid.checks;
    else {
      out.errors.push(ofNone(`${name} must validate at least one schema (anyOf)`));
      add(farthest(outcomes));
    }
  }
  if (props.oneOf?.length) {
    const outcomes = tried(props.oneOf);
    const valid = outcomes.filter((o) => !o.errors.length);
    const found = valid.length ? `Found ${valid.length} valid alternatives` : "Found none valid";
    if (valid.length === 1) out.checks += valid[0]!.checks;
    else out.errors.push(ofNone(`${name} must validate one and only one schema (oneOf). ${found}`));
    if (!valid.length) add(farthest(outcomes));
  }
  if (props.allOf?.length) {
    const outcomes = tried(props.allOf);
    outcomes.forEach(add);
    const valid = outcomes.filter((o) => !o.errors.length).length;
    if (valid < outcomes.length)
      out.errors.push(ofNone(`${name} must validate all the schemas (allOf)${valid ? "" : ". None validated"}`));
  }
  if (props.not && !check(props.not, value, path, before).errors.length)
    out.errors.push(ofNone(`${name} must not validate the schema (not)`));
}

function checkText(props: Props, text: string, path: string, format: string | undefined, out: Outcome): void {
  const { maxLength, minLength, pattern } = props;
  out.checks++;
  const length = maxLength === undefined && minLength === undefined ? 0 : [...text].length;
  if (maxLength !== undefined && length > maxLength) out.errors.push(tooLong(path, maxLength));
  if (minLength !== undefined && length < minLength)
    out.errors.push(invalidValue(path, text, `${path} in body should be at least ${minLength} chars long`));
  if (pattern && !patternOf(pattern).test(text))
    out.errors.push(invalidValue(path, text, `${path} in body should match '${pattern}'`));
  if (format && !isFormat(format, text))
    out.errors.push(typeInvalid(path, text, `${path} in body must be of type ${props.format}: ${JSON.stringify(text)}`));
}

const INT32 = 2 ** 31;

function checkNumber(props: Props, value: number, path: string, out: Outcome): void {
  const { maximum, minimum, multipleOf, type, format } = props;
  out.checks++;
  const bad = (detail: string, shown = value) => out.errors.push(invalidValue(path, shown, detail));
  if (multipleOf !== undefined) {
    const factor = Number.isInteger(value) ? Math.trunc(multipleOf) : multipleOf;
    if (factor <= 0) bad(`factor MultipleOf declared for ${path} must be positive: ${factor}`, factor);
    else if (!isMultiple(value, factor)) bad(`${path} in body should be a multiple of ${factor}`);
  }
  if (maximum !== undefined && (props.exclusiveMaximum ? value >= maximum : value > maximum))
    bad(`${path} in body should be less than ${props.exclusiveMaximum ? "" : "or equal to "}${maximum}`);
  if (minimum !== undefined && (props.exclusiveMinimum ? value <= minimum : value < minimum))
    bad(`${path} in body should be greater than ${props.exclusiveMinimum ? "" : "or equal to "}${minimum}`);
  if (type !== "integer") return;
  const kind = isRecognized(props) ? `with format ${format}` : "(default format)";
  if (!isInteger(value)) out.errors.push(ofNone(`Checked value must be of type integer ${kind} in ${path}`));
  else if (format === "int32" && (value >= INT32 || value < -INT32))
    out.errors.push(ofNone(`Checked value must be of type integer with format int32 in ${path}`));
}

function isMultiple(value: number, factor: number): boolean {
  const times = value / factor;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

function checkItems(props: Props, list: unknown[], path: string, before: Before | undefined, out: Outcome): void {
  const items = itemsOf(props);
  out.checks++;
  if (items) {
    list.forEach((item, i) => {
      const inner = check(items, item, `${path}[${i}]`, itemBefore(props, item, before));
      out.errors.push(...inner.errors);
      out.checks += inner.checks;
    });
  }
  if (props.minItems !== undefined && list.length < props.minItems)
    out.errors.push(invalidValue(path, list.length, `${path} in body should have at least ${props.minItems} items`));
  if (props.maxItems !== undefined && list.length > props.maxItems) out.errors.push(tooMany(path, list.length, props.maxItems));
  if (props.uniqueItems && list.some((a, i) => list.slice(0, i).some((b) => deepEqual(a, b))))
    out.errors.push(invalidValue(path, "", `${path} in body shouldn't contain duplicates`));
}

/** Only items that keys name can be found again. */
export function itemBefore(props: Props, item: unknown, before: Before | undefined): Before | undefined {
  if (!before || !Array.isArray(before.value) || props["x-kubernetes-list-type"] !== "map" || !isObject(item)) return undefined;
  const keys = props["x-kubernetes-list-map-keys"] ?? [];
  const old = before.value.find((o) => isObject(o) && keys.every((key) => deepEqual(o[key], item[key])));
  return old === undefined ? undefined : { value: old };
}

export function memberBefore(key: string, before: Before | undefined): Before | undefined {
  if (!before || !isObject(before.value)) return undefined;
  return Object.hasOwn(before.value, key) ? { value: before.value[key] } : undefined;
}

function checkEnum(props: Props, value: unknown, path: string, out: Outcome): void {
  out.checks++;
  if (!props.enum?.length || props.enum.some((one) => deepEqual(one, value))) return;
  const supported = props.enum.map((one) => JSON.stringify(typeof one === "string" ? one : JSON.stringify(one))).join(", ");
  const message = `Unsupported value: ${formatBadValue(value)}: supported values: ${supported}`;
  out.errors.push({ type: "FieldValueNotSupported", field: path, message });
}

function checkMembers(props: Props, object: Members, path: string, before: Before | undefined, out: Outcome): void {
  const keys = Object.keys(object).sort();
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  const { minProperties, maxProperties, additionalProperties } = props;
  out.checks++;
  if (minProperties !== undefined && keys.length < minProperties)
    out.errors.push(invalidValue(path, keys.length, `${path} in body should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && keys.length > maxProperties) out.errors.push(tooMany(path, keys.length, maxProperties));
  for (const key of keys) {
    const own = props.properties && Object.hasOwn(props.properties, key) ? props.properties[key] : undefined;
    const schema = own ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
    if (!schema) continue;
    const inner = check(schema, object[key], at(key), memberBefore(key, before));
    out.errors.push(...inner.errors);
    out.checks += inner.checks;
  }
  for (const key of props.required ?? []) if (!Object.hasOwn(object, key)) out.errors.push(required(at(key)));
}
