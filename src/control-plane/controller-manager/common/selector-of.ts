/** Selectors of API objects, compiled once per (frozen) selector object: a match then costs no parsing. */
import { Selector, selectorFromObject, selectorFromSet } from "../../../shared/apimachinery/index.ts";
import type { LabelSelector } from "../../../shared/apimachinery/meta.ts";

const compiled = new WeakMap<object, Selector>();

/** Absent matches nothing, empty everything. @throws SelectorError */
export function selectorOf(selector: LabelSelector | undefined): Selector {
  if (!selector) return selectorFromObject(undefined);
  let found = compiled.get(selector);
  if (!found) compiled.set(selector, (found = selectorFromObject(selector)));
  return found;
}

/** Of a plain map (Service, ReplicationController). */
export function mapSelectorOf(labels: Record<string, string>): Selector {
  let found = compiled.get(labels);
  if (!found) compiled.set(labels, (found = selectorFromSet(labels)));
  return found;
}
