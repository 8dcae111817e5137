/**
 * What a schema of a definition may say, node by node.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go v1.36
 */
import { forbidden, invalidValue, notSupported, required, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import type { Props } from "../structural.ts";

export interface SchemaPlace {
  root: boolean;
  /** Why no default may stand here. */
  noDefault?: string;
  insideMetadata?: boolean;
}

const TYPES = ["array", "boolean", "integer", "number", "object", "string"];
const METADATA = new Set(["metadata", "kind", "apiVersion"]);

/** Unlike most refusals this one lists the values in the order in which it was given them. */
const unsupported = (field: string, value: unknown, supported: readonly string[]): FieldError =>
  notSupported(field, value, supported, "given");

export function schemaErrors(props: Props, path: string, place: SchemaPlace): FieldError[] {
  const errors = ownErrors(props, path, place);
  const { items, additionalProperties, properties = {} } = props;
  const inner = (p: Props, at: string, where: Partial<SchemaPlace> = {}) =>
    errors.push(...schemaErrors(p, `${path}.${at}`, { ...place, root: false, ...where }));
  if (props.uniqueItems)
    errors.push(
      forbidden(`${path}.uniqueItems`, "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"),
    );
  if (additionalProperties !== undefined) {
    if (Object.keys(properties).length && additionalProperties !== true)
      errors.push(forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive"));
    const noDefault = place.insideMetadata ? "inside additionalProperties applying to object metadata" : place.noDefault;
    if (typeof additionalProperties === "object")
      inner(additionalProperties, "additionalProperties", { ...(noDefault && { noDefault }) });
  }
  for (const key of Object.keys(properties).sort()) {
    const meta = (place.root || props["x-kubernetes-embedded-resource"]) && METADATA.has(key);
    inner(properties[key]!, `properties[${key}]`, {
      ...(meta && { insideMetadata: true }),
      ...(meta && place.root && { noDefault: `in top-level ${key}` }),
    });
  }
  if (props.not) inner(props.not, "not");
  props.allOf?.forEach((p, i) => inner(p, `allOf[${i}]`));
  props.oneOf?.forEach((p, i) => inner(p, `oneOf[${i}]`));
  props.anyOf?.forEach((p, i) => inner(p, `anyOf[${i}]`));
  for (const [key, p] of Object.entries(props.definitions ?? {})) inner(p, `definitions[${key}]`);
  if (Array.isArray(items)) items.forEach((p, i) => inner(p, `items[${i}]`));
  else if (items) inner(items, "items");
  errors.push(...extensionErrors(props, path), ...ruleTextErrors(props, path));
  return errors;
}

function ownErrors(props: Props, path: string, place: SchemaPlace): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (word: keyof Props, detail: string) => errors.push(forbidden(`${path}.${word}`, detail));
  if (props.type && !TYPES.includes(props.type)) errors.push(notSupported(`${path}.type`, props.type, TYPES));
  if (props.default !== undefined && place.noDefault) refuse("default", `must not be set ${place.noDefault}`);
  if (props.id) refuse("id", "id is not supported");
  if (props.additionalItems !== undefined) refuse("additionalItems", "additionalItems is not supported");
  if (Object.keys(props.patternProperties ?? {}).length) refuse("patternProperties", "patternProperties is not supported");
  if (Object.keys(props.definitions ?? {}).length) refuse("definitions", "definitions is not supported");
  if (props.dependencies) refuse("dependencies", "dependencies is not supported");
  if (props.$ref !== undefined) refuse("$ref", "$ref is not supported");
  if (props.type === "null") refuse("type", "type cannot be set to null, use nullable as an alternative");
  if (Array.isArray(props.items)) refuse("items", "items must be a schema object and not an array");
  if (place.insideMetadata && props["x-kubernetes-embedded-resource"])
    refuse("x-kubernetes-embedded-resource", "must not be used inside of resource meta");
  return errors;
}

function extensionErrors(props: Props, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { type = "" } = props;
  const preserves = props["x-kubernetes-preserve-unknown-fields"];
  const mapType = props["x-kubernetes-map-type"];
  const listType = props["x-kubernetes-list-type"];
  const wanted = (detail: string) =>
    type === "" ? required(`${path}.type`, detail) : invalidValue(`${path}.type`, type, detail);
  if (preserves === false)
    errors.push(invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined"));
  if (mapType !== undefined && type !== "object") errors.push(wanted("must be object if x-kubernetes-map-type is specified"));
  if (mapType !== undefined && mapType !== "atomic" && mapType !== "granular")
    errors.push(unsupported(`${path}.x-kubernetes-map-type`, mapType, ["atomic", "granular"]));
  if (listType !== undefined && type !== "array") errors.push(wanted("must be array if x-kubernetes-list-type is specified"));
  else if (listType === "set") errors.push(...setErrors(props, path));
  if (listType !== undefined && !["atomic", "set", "map"].includes(listType))
    errors.push(unsupported(`${path}.x-kubernetes-list-type`, listType, ["atomic", "set", "map"]));
  if (props["x-kubernetes-list-map-keys"]?.length && listType !== "map") {
    const detail = "must be map if x-kubernetes-list-map-keys is non-empty";
    const at = `${path}.x-kubernetes-list-type`;
    errors.push(listType === undefined ? required(at, detail) : invalidValue(at, listType, detail));
  }
  if (listType === "map") errors.push(...mapErrors(props, path));
  if (listType === "map" || listType === "set") errors.push(...keyErrors(props, path, listType));
  return errors;
}

function setErrors({ items }: Props, path: string): FieldError[] {
  if (!items || Array.isArray(items)) return [];
  const detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const listType = items["x-kubernetes-list-type"];
  if (items.type === "array" && listType !== undefined && listType !== "atomic")
    return [invalidValue(`${path}.items.x-kubernetes-list-type`, listType, detail)];
  if (items.type === "object" && items["x-kubernetes-map-type"] !== "atomic")
    return [invalidValue(`${path}.items.x-kubernetes-map-type`, listType ?? null, detail)];
  return [];
}

function mapErrors(props: Props, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { items } = props;
  const keys = props["x-kubernetes-list-map-keys"] ?? [];
  if (!keys.length)
    errors.push(required(`${path}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map"));
  if (!items) return [...errors, required(`${path}.items`, "must have a schema if x-kubernetes-list-type is map")];
  if (Array.isArray(items))
    return [...errors, invalidValue(`${path}.items`, items, "must only have a single schema if x-kubernetes-list-type is map")];
  if (items.type !== "object")
    return [
      ...errors,
      invalidValue(`${path}.items.type`, items.type ?? "", "must be object if parent array's x-kubernetes-list-type is map"),
    ];
  const seen = new Set<string>();
  for (const key of keys) {
    const of = items.properties?.[key];
    if (!of)
      errors.push(invalidValue(`${path}.x-kubernetes-list-map-keys`, keys, "entries must all be names of item properties"));
    else if (of.type === "array" || of.type === "object")
      errors.push(
        invalidValue(
          `${path}.items.properties[${key}].type`,
          items.type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (seen.has(key))
      errors.push(invalidValue(`${path}.x-kubernetes-list-map-keys`, keys, "must not contain duplicate entries"));
    seen.add(key);
  }
  return errors;
}

function keyErrors({ items, ...props }: Props, path: string, listType: string): FieldError[] {
  if (!items || Array.isArray(items)) return [];
  const errors: FieldError[] = [];
  if (items.nullable)
    errors.push(forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  if (listType !== "map") return errors;
  for (const key of props["x-kubernetes-list-map-keys"] ?? []) {
    const of = items.properties?.[key];
    if (!of) continue;
    const at = `${path}.items.properties[${key}]`;
    const listed = "this property is in x-kubernetes-list-map-keys, so it";
    if (!items.required?.includes(key) && of.default === undefined)
      errors.push(required(`${at}.default`, `${listed} must have a default or be a required property`));
    if (of.nullable) errors.push(forbidden(`${at}.nullable`, `${listed} cannot be nullable`));
  }
  return errors;
}

const REASONS = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
const hasBreak = (text: string) => /[\n\r]/.test(text);

function ruleTextErrors(props: Props, path: string): FieldError[] {
  return (props["x-kubernetes-validations"] ?? []).flatMap((rule, i) => {
    const errors: FieldError[] = [];
    const at = `${path}.x-kubernetes-validations[${i}]`;
    const { message = "", messageExpression = "", fieldPath = "" } = rule;
    const text = rule.rule.trim();
    if (!text) errors.push(required(`${at}.rule`, "rule is not specified"));
    else if (message && !message.trim()) errors.push(invalidValue(`${at}.message`, message, "must be non-empty if specified"));
    else if (hasBreak(message.trim())) errors.push(invalidValue(`${at}.message`, message, "must not contain line breaks"));
    else if (hasBreak(text) && !message.trim())
      errors.push(required(`${at}.message`, "message must be specified if rule contains line breaks"));
    if (messageExpression && !messageExpression.trim())
      errors.push(required(`${at}.messageExpression`, "messageExpression must be non-empty if specified"));
    if (rule.reason !== undefined && !REASONS.includes(rule.reason))
      errors.push(notSupported(`${at}.reason`, rule.reason, REASONS));
    if (fieldPath && !fieldPath.trim()) errors.push(invalidValue(`${at}.fieldPath`, fieldPath, "must be non-empty if specified"));
    if (hasBreak(fieldPath)) errors.push(invalidValue(`${at}.fieldPath`, fieldPath, "must not contain line breaks"));
    if (fieldPath && typeof walkFieldPath(fieldPath, props, true) === "string")
      errors.push(invalidValue(`${at}.fieldPath`, fieldPath, "must be a valid path"));
    return errors;
  });
}

/** Follows `.spec.a['b']`; what is wrong with it as a text. */
export function walkFieldPath(
  path: string,
  props: Props,
  brackets: boolean,
): { names: string[]; path: string; found: Props } | string {
  const tokens = path.match(/'(?:[^'\\]|\\.)*'|[.[\]]|[^.[\]]+/g) ?? [];
  const names: string[] = [];
  let text = "";
  let at: Props = props;
  for (let i = 0; i < tokens.length; i++) {
    let name = tokens[++i];
    if (tokens[i - 1] === "[") {
      if (!brackets) return "array notation is not allowed";
      if (name === undefined) return "unexpected end of JSON path";
      if (!/^'.*'$/s.test(name)) return `expected single quoted string but got ${name}`;
      name = name.slice(1, -1).replace(/\\(.)/g, "$1");
      const close = tokens[++i];
      if (close === undefined) return "unexpected end of JSON path";
      if (close !== "]") return `expected ] but got ${close}`;
    } else if (tokens[i - 1] !== ".") return `expected [ or . but got: ${tokens[i - 1]}`;
    if (name === undefined) return "unexpected end of JSON path";
    const { additionalProperties } = at;
    const next = at.properties
      ? at.properties[name]
      : typeof additionalProperties === "object"
        ? additionalProperties
        : undefined;
    if (!next) return "does not refer to a valid field";
    text += at.properties ? `${text ? "." : ""}${name}` : `[${name}]`;
    at = next;
    names.push(name);
  }
  return { names, path: text, found: at };
}
