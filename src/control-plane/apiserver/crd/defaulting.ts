/**
 * Defaults of custom resources: absent fields get their default, and so do nulls where the schema allows none; other nulls that it
 * does not allow are dropped.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting v1.36
 */
import type { Origin } from "../../../shared/api/kind.ts";
import { deepCopy } from "../../../shared/apimachinery/patch/index.ts";
import { additionalOf, itemsOf, type Props } from "./structural.ts";

type Members = Record<string, unknown>;

const isObject = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

const isForbiddenNull = (value: unknown, props: Props | undefined) => value === null && props !== undefined && !props.nullable;

/** Fills `value` in place. */
export function fillDefaults(value: unknown, props: Props | undefined, origin: Origin = "read"): void {
  if (!props) return;
  if (origin === "read") dropNulls(value, props);
  fill(value, props);
}

function fill(value: unknown, props: Props): void {
  if (Array.isArray(value)) return fillItems(value, itemsOf(props));
  if (!isObject(value)) return;
  const properties = props.properties ?? {};
  const additional = additionalOf(props);
  for (const [key, property] of Object.entries(properties)) {
    if (property.default === undefined) continue;
    if (!Object.hasOwn(value, key) || isForbiddenNull(value[key], property)) value[key] = deepCopy(property.default);
  }
  for (const key of Object.keys(value)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property) fill(value[key], property);
    else if (additional) {
      if (isForbiddenNull(value[key], additional) && additional.default !== undefined) value[key] = deepCopy(additional.default);
      fill(value[key], additional);
    }
  }
}

function fillItems(list: unknown[], items: Props | undefined): void {
  if (!items) return;
  list.forEach((item, i) => {
    if (isForbiddenNull(item, items) && items.default !== undefined) list[i] = deepCopy(items.default);
    fill(list[i], items);
  });
}

/** Nulls that are neither allowed nor replaced by a default. */
function dropNulls(value: unknown, props: Props): void {
  if (Array.isArray(value)) {
    const items = itemsOf(props);
    if (items) for (const item of value) dropNulls(item, items);
    return;
  }
  if (!isObject(value)) return;
  const additional = additionalOf(props);
  for (const key of Object.keys(value)) {
    const property = props.properties && Object.hasOwn(props.properties, key) ? props.properties[key] : undefined;
    const schema = property ?? additional;
    if (!schema) continue;
    if (isForbiddenNull(value[key], schema) && schema.default === undefined) delete value[key];
    else dropNulls(value[key], schema);
  }
}
