/**
 * Selectors of a review, given as text or as requirements, as the text that authorizers read.
 *
 * What cannot be read is left out: requirements are joined by "and", so the question only becomes broader.
 *
 * @source pkg/registry/authorization/util/helpers.go v1.36
 */
import type { FieldSelectorAttributes, LabelSelectorAttributes } from "../../../shared/api/generated/authorization-v1.ts";
import { formatFieldSelector, parseFieldSelector, type FieldRequirement } from "../../../shared/apimachinery/field-selectors.ts";
import { parseSelector, selectorFromObject, SelectorError } from "../../../shared/apimachinery/selectors.ts";

export interface ReviewedSelector {
  /** Absent: nothing was given, or nothing of it could be read. */
  text?: string;
  /** Some of it could not be read. */
  fault: boolean;
}

export function fieldSelectorOf(given: FieldSelectorAttributes | undefined): ReviewedSelector {
  if (given?.rawSelector) return { fault: false, ...attempt(() => formatFieldSelector(parseFieldSelector(given.rawSelector!))) };
  const all = given?.requirements ?? [];
  const read = all.flatMap(({ key, operator, values = [] }): FieldRequirement[] => {
    if (values.length !== 1 || (operator !== "In" && operator !== "NotIn")) return [];
    return [{ field: key, operator: operator === "In" ? "=" : "!=", value: values[0]! }];
  });
  return { fault: read.length < all.length, ...(read.length > 0 && { text: formatFieldSelector(read) }) };
}

export function labelSelectorOf(given: LabelSelectorAttributes | undefined): ReviewedSelector {
  if (given?.rawSelector) return { fault: false, ...attempt(() => parseSelector(given.rawSelector!).toString()) };
  const all = given?.requirements ?? [];
  const read = all.flatMap((expression) => {
    const { text } = attempt(() => selectorFromObject({ matchExpressions: [expression] }).toString());
    return text === undefined ? [] : [text];
  });
  return { fault: read.length < all.length, ...(read.length > 0 && { text: read.join(",") }) };
}

function attempt(read: () => string): { text: string } | { fault: true; text?: undefined } {
  try {
    return { text: read() };
  } catch (error) {
    if (error instanceof SelectorError) return { fault: true };
    throw error;
  }
}
