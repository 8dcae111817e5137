/**
 * Resources inside a custom resource need a type of their own, and metadata as all metadata is.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta/validation.go v1.36
 */
import { invalidValue, required, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import { isDNS1035Label, validateAnnotations, validateLabels } from "../../../../shared/apimachinery/validation.ts";
import { additionalOf, itemsOf, type Props } from "../structural.ts";

type Members = Record<string, unknown>;
const isObject = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

export function embeddedErrors(props: Props, value: unknown, path = ""): FieldError[] {
  if (Array.isArray(value)) {
    const items = itemsOf(props);
    return items ? value.flatMap((item, i) => embeddedErrors(items, item, `${path}[${i}]`)) : [];
  }
  if (!isObject(value)) return [];
  const errors = props["x-kubernetes-embedded-resource"] ? ownErrors(value, path) : [];
  const additional = additionalOf(props);
  for (const key of Object.keys(value).sort()) {
    const own = props.properties && Object.hasOwn(props.properties, key) ? props.properties[key] : undefined;
    if (own) errors.push(...embeddedErrors(own, value[key], path === "" ? key : `${path}.${key}`));
    else if (additional) errors.push(...embeddedErrors(additional, value[key], `${path}[${key}]`));
  }
  return errors;
}

function ownErrors({ apiVersion, kind, metadata }: Members, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!apiVersion) errors.push(required(`${path}.apiVersion`));
  else if (String(apiVersion).split("/").length > 2)
    errors.push(invalidValue(`${path}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${String(apiVersion)}`));
  if (!kind) errors.push(required(`${path}.kind`));
  else {
    const bad = isDNS1035Label(String(kind).toLowerCase());
    const text = `may have mixed case, but should otherwise match: ${bad.join(",")}`;
    if (bad.length) errors.push(invalidValue(`${path}.kind`, kind, text));
  }
  if (!isObject(metadata)) return errors;
  const { labels, annotations } = metadata as { labels?: Record<string, string>; annotations?: Record<string, string> };
  if (labels) errors.push(...validateLabels(`${path}.metadata.labels`, labels));
  if (annotations) errors.push(...validateAnnotations(`${path}.metadata.annotations`, annotations));
  return errors;
}
