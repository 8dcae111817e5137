import type { LabelSelector } from "../../../shared/apimachinery/meta.ts";

/** A selector that is there and says nothing: it would match every object. */
export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return !!selector && !Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length;
}
