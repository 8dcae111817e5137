/**
 * Sets hold a value once, lists with keys an item once.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype v1.36
 */
import { duplicate, invalidValue, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import { additionalOf, itemsOf, type Props } from "../structural.ts";

type Members = Record<string, unknown>;
const isObject = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

export function validateListTypes(props: Props, value: unknown, path = ""): FieldError[] {
  if (Array.isArray(value)) return listErrors(props, value, path);
  if (!isObject(value)) return [];
  const additional = additionalOf(props);
  return Object.keys(value)
    .sort()
    .flatMap((key) => {
      const own = props.properties && Object.hasOwn(props.properties, key) ? props.properties[key] : undefined;
      if (own) return validateListTypes(own, value[key], path === "" ? key : `${path}.${key}`);
      return additional ? validateListTypes(additional, value[key], `${path}[${key}]`) : [];
    });
}

function listErrors(props: Props, list: unknown[], path: string): FieldError[] {
  const type = props["x-kubernetes-list-type"];
  const items = itemsOf(props);
  const errors = type === "set" ? repeated(list).map((i) => duplicate(`${path}[${i}]`, list[i])) : [];
  if (type === "map") errors.push(...mapErrors(props["x-kubernetes-list-map-keys"] ?? [], list, path));
  if (items) list.forEach((item, i) => errors.push(...validateListTypes(items, item, `${path}[${i}]`)));
  return errors;
}

function mapErrors(names: readonly string[], list: unknown[], path: string): FieldError[] {
  const odd = list.findIndex((item) => item !== null && !isObject(item));
  if (odd >= 0) return [invalidValue(`${path}[${odd}]`, list[odd], "must be an object for an array of list-type map")];
  const keys = list.map((item) =>
    Object.fromEntries(
      [...names].sort().flatMap((name) => (isObject(item) && Object.hasOwn(item, name) ? [[name, item[name]]] : [])),
    ),
  );
  return repeated(keys).map((i) => duplicate(`${path}[${i}]`, keys[i]));
}

/** Where a value stands for the second time; each is told once. */
function repeated(values: unknown[]): number[] {
  const times = new Map<string, number>();
  const found: number[] = [];
  values.forEach((value, i) => {
    const text = JSON.stringify(value);
    const count = (times.get(text) ?? 0) + 1;
    times.set(text, count);
    if (count === 2) found.push(i);
  });
  return found;
}
