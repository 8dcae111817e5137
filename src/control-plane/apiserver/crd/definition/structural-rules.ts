/**
 * What makes a schema structural: every value has a type, and what junctors say of a value has its counterpart outside of them.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go v1.36
 */
import { forbidden, invalidValue, required, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import { itemsOf, type Props } from "../structural.ts";
import { patternOf } from "../validation/pattern.ts";

type Level = "root" | "item" | "field";

/** Sorted, as upstream tells them. */
export function structuralErrors(props: Props, path: string): FieldError[] {
  const errors = [...invariants(props, "root", path), ...completeness(props, props, path, path)];
  const text = (e: FieldError) => `${e.field}: ${e.message}`;
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}

/** Words that a structural schema has no place for; they are refused one by one elsewhere. */
export function isConvertible(props: Props): boolean {
  const { items } = props;
  const odd =
    props.id ||
    props.additionalItems !== undefined ||
    props.patternProperties ||
    props.definitions ||
    props.dependencies ||
    props.$ref;
  return !odd && !Array.isArray(items) && parts(props).every(isConvertible);
}

/** All schemas right below one. */
export function parts(props: Props): Props[] {
  const { items, additionalProperties } = props;
  return [
    ...(items ? (Array.isArray(items) ? items : [items]) : []),
    ...(props.allOf ?? []),
    ...(props.anyOf ?? []),
    ...(props.oneOf ?? []),
    ...(props.not ? [props.not] : []),
    ...Object.values(props.properties ?? {}),
    ...(typeof additionalProperties === "object" ? [additionalProperties] : []),
  ];
}

const sortedEntries = (of: Record<string, Props> | undefined) => Object.entries(of ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

const EMPTY_AT: Record<Level, string> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function invariants(props: Props, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { type = "", properties = {}, additionalProperties } = props;
  const items = itemsOf(props);
  const embedded = props["x-kubernetes-embedded-resource"];
  const preserves = props["x-kubernetes-preserve-unknown-fields"];
  const intOrString = props["x-kubernetes-int-or-string"];
  if (type === "array" && !items) errors.push(required(`${path}.items`, "must be specified"));
  if (items) errors.push(...invariants(items, "item", `${path}.items`));
  for (const [key, value] of sortedEntries(properties)) errors.push(...invariants(value, "field", `${path}.properties[${key}]`));
  if (additionalProperties !== undefined) {
    if (level === "root") errors.push(forbidden(`${path}.additionalProperties`, "must not be used at the root"));
    if (typeof additionalProperties === "object")
      errors.push(...invariants(additionalProperties, "field", `${path}.additionalProperties`));
  }
  if (intOrString && preserves)
    errors.push(
      invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, true, "must be false if x-kubernetes-int-or-string is true"),
    );
  if (intOrString && embedded)
    errors.push(
      invalidValue(`${path}.x-kubernetes-embedded-resource`, true, "must be false if x-kubernetes-int-or-string is true"),
    );
  errors.push(...valueRules(props, isIntOrString(props.anyOf), isIntOrString(props.allOf?.[0]?.anyOf), path));
  const object = "must be object if x-kubernetes-embedded-resource is true";
  if (embedded && type !== "object")
    errors.push(type === "" ? required(`${path}.type`, object) : invalidValue(`${path}.type`, type, object));
  else if (type === "" && !intOrString && !preserves) errors.push(required(`${path}.type`, EMPTY_AT[level]));
  if (embedded && additionalProperties !== undefined)
    errors.push(forbidden(`${path}.additionalProperties`, "must not be used if x-kubernetes-embedded-resource is set"));
  if (level === "root" && type && type !== "object")
    errors.push(invalidValue(`${path}.type`, type, "must be object at the root"));
  if (level === "root" || embedded) {
    for (const name of ["kind", "apiVersion"] as const) {
      const found = properties[name];
      if (found && found.type !== "string")
        errors.push(invalidValue(`${path}.properties[${name}].type`, found.type ?? "", "must be string"));
    }
    const { metadata } = properties;
    if (metadata) errors.push(...metadataRules(metadata, level, `${path}.properties[metadata]`));
  }
  const without = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
  if (embedded && !preserves && !Object.keys(properties).length) errors.push(required(`${path}.properties`, without));
  return errors;
}

function metadataRules(metadata: Props, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.type !== "object") errors.push(invalidValue(`${path}.type`, metadata.type ?? "", "must be object"));
  if (level !== "root") return errors;
  const { type: _type, default: _default, properties = {}, ...rest } = metadata;
  const others = Object.keys(properties).filter((name) => name !== "name" && name !== "generateName");
  const text = "must not specify anything other than name and generateName, but metadata is implicitly specified";
  if (others.length || Object.keys(rest).length) errors.push(forbidden(path, text));
  return errors;
}

const INT_OR_STRING: Props[] = [{ type: "integer" }, { type: "string" }];
const isIntOrString = (anyOf: Props[] | undefined) => deepEqual(anyOf, INT_OR_STRING);

function valueRules(props: Props, skipAnyOf: boolean, skipFirst: boolean, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!skipAnyOf) props.anyOf?.forEach((p, i) => errors.push(...nestedRules(p, false, `${path}.anyOf[${i}]`)));
  props.allOf?.forEach((p, i) => errors.push(...nestedRules(p, skipFirst && i === 0, `${path}.allOf[${i}]`)));
  props.oneOf?.forEach((p, i) => errors.push(...nestedRules(p, false, `${path}.oneOf[${i}]`)));
  if (props.not) errors.push(...nestedRules(props.not, false, `${path}.not`));
  if (props.pattern) {
    try {
      patternOf(props.pattern);
    } catch (error) {
      const text = `must be a valid regular expression, but isn't: ${(error as Error).message}`;
      errors.push(invalidValue(`${path}.pattern`, props.pattern, text));
    }
  }
  return errors;
}

/** What must not stand inside a junctor, and how the refusal says so. */
const FORBIDDEN_INSIDE: readonly [keyof Props, string][] = [
  ["type", "must be empty"],
  ["default", "must be undefined"],
  ["title", "must be empty"],
  ["description", "must be empty"],
  ["nullable", "must be false"],
  ["x-kubernetes-preserve-unknown-fields", "must be false"],
  ["x-kubernetes-embedded-resource", "must be false"],
  ["x-kubernetes-int-or-string", "must be false"],
  ["x-kubernetes-list-map-keys", "must be empty"],
  ["x-kubernetes-list-type", "must be undefined"],
  ["x-kubernetes-map-type", "must be undefined"],
  ["x-kubernetes-validations", "must be empty"],
];

function nestedRules(props: Props, skipAnyOf: boolean, path: string): FieldError[] {
  const errors = valueRules(props, skipAnyOf, false, path);
  const items = itemsOf(props);
  if (items) errors.push(...nestedRules(items, false, `${path}.items`));
  for (const [key, value] of sortedEntries(props.properties))
    errors.push(...nestedRules(value, false, `${path}.properties[${key}]`));
  if (props.additionalProperties !== undefined)
    errors.push(forbidden(`${path}.additionalProperties`, "must be undefined to be structural"));
  for (const [word, text] of FORBIDDEN_INSIDE)
    if (props[word]) errors.push(forbidden(`${path}.${word}`, `${text} to be structural`));
  if (props.properties?.["metadata"])
    errors.push(forbidden(`${path}.properties[metadata]`, "must not be specified in a nested context"));
  return errors;
}

/** `rules` are held against the part of the schema that stands outside of junctors. */
function completeness(rules: Props, outside: Props | undefined, path: string, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const inner = (p: Props, where: string) => errors.push(...nestedCompleteness(p, outside, path, where));
  if (rules.not) inner(rules.not, `${at}.not`);
  rules.allOf?.forEach((p, i) => inner(p, `${at}.allOf[${i}]`));
  rules.anyOf?.forEach((p, i) => inner(p, `${at}.anyOf[${i}]`));
  rules.oneOf?.forEach((p, i) => inner(p, `${at}.oneOf[${i}]`));
  return errors;
}

function nestedCompleteness(rules: Props, outside: Props | undefined, path: string, at: string): FieldError[] {
  if (!outside) return [required(path, `because it is defined in ${at}`)];
  const errors = completeness(rules, outside, path, at);
  const items = itemsOf(rules);
  if (items) errors.push(...nestedCompleteness(items, itemsOf(outside), `${path}.items`, `${at}.items`));
  for (const [key, value] of sortedEntries(rules.properties)) {
    const place = `properties[${key}]`;
    errors.push(...nestedCompleteness(value, outside.properties?.[key], `${path}.${place}`, `${at}.${place}`));
  }
  return errors;
}
