/** Which parameters a binding names, as a table cell. */
import type { ParamRef } from "../generated/admissionregistration-v1.ts";
import { UNSET } from "../cells.ts";

export function paramText(ref: ParamRef | undefined): string {
  // Whether a parameter has a namespace is not known here.
  if (ref?.name) return `${ref.namespace || "*"}/${ref.name}`;
  return ref?.selector
    ? `&LabelSelector{MatchLabels:${goMap(ref.selector.matchLabels)},MatchExpressions:${expressions(ref)},}`
    : UNSET;
}

const goMap = (labels: Readonly<Record<string, string>> = {}) =>
  `map[string]string{${Object.keys(labels)
    .sort()
    .map((key) => `${key}: ${labels[key]},`)
    .join("")}}`;

/** As Go prints them. */
function expressions({ selector }: ParamRef): string {
  const texts = (selector?.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) => `{${key} ${operator} [${values.join(" ")}]},`,
  );
  return `[]LabelSelectorRequirement{${texts.join("")}}`;
}
