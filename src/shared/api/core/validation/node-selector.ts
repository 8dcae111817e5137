/**
 * Selectors of nodes, as affinities and volumes carry them, and labels that are on their way out.
 *
 * @source pkg/apis/core/validation/validation.go ValidateNodeSelector, pkg/api/node/util.go v1.36
 */
import { forbidden, invalidValue, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { isDNS1123Subdomain, isLabelValue, validateLabelName } from "../../../apimachinery/validation.ts";
import type { LabelSelector } from "../../../apimachinery/meta.ts";
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from "../../generated/core-v1.ts";

export function validateNodeSelector(path: string, { nodeSelectorTerms: terms = [] }: NodeSelector): FieldError[] {
  if (!terms.length) return [required(`${path}.nodeSelectorTerms`, "must have at least one node selector term")];
  return terms.flatMap((term, i) => validateNodeSelectorTerm(`${path}.nodeSelectorTerms[${i}]`, term));
}

/** `checkValues`: values that are no label values are refused too. */
export const validateNodeSelectorTerm = (
  path: string,
  { matchExpressions, matchFields }: NodeSelectorTerm,
  { checkValues = true } = {},
): FieldError[] => [
  ...(matchExpressions ?? []).flatMap((one, i) => validateExpression(`${path}.matchExpressions[${i}]`, one, { checkValues })),
  ...(matchFields ?? []).flatMap((one, i) => validateFieldMatch(`${path}.matchFields[${i}]`, one)),
];

function validateExpression(
  path: string,
  { key, operator, values = [] }: NodeSelectorRequirement,
  { checkValues }: { checkValues: boolean },
): FieldError[] {
  const odd = (value: string, i: number) => isLabelValue(value).map((text) => invalidValue(`${path}.values[${i}]`, value, text));
  return [
    ...validateOperator(path, operator, values),
    ...validateLabelName(`${path}.key`, key ?? ""),
    ...(checkValues ? values.flatMap(odd) : []),
  ];
}

function validateOperator(path: string, operator: string, values: readonly string[]): FieldError[] {
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length ? [] : [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      return values.length
        ? [forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
        : [];
    case "Gt":
    case "Lt":
      return values.length === 1
        ? []
        : [required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalidValue(`${path}.operator`, operator ?? "", "not a valid selector operator")];
  }
}

function validateFieldMatch(path: string, { key, operator, values = [] }: NodeSelectorRequirement): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== "In" && operator !== "NotIn")
    errors.push(invalidValue(`${path}.operator`, operator ?? "", "not a valid selector operator"));
  else if (values.length !== 1)
    errors.push(required(`${path}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  if (key !== "metadata.name") return [...errors, invalidValue(`${path}.key`, key ?? "", "not a valid field selector key")];
  for (const [i, value] of values.entries())
    for (const text of isDNS1123Subdomain(value)) errors.push(invalidValue(`${path}.values[${i}]`, value, text));
  return errors;
}

const DEPRECATED_LABELS: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  "app.kubernetes.io/created-by": "deprecated since v1.9",
  "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
  "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
};

export const deprecatedNodeLabel = (key: string): string | undefined => DEPRECATED_LABELS[key];

/** Of a selector of labels that are nodes'. */
export function labelSelectorWarnings(path: string, selector: LabelSelector | undefined): string[] {
  const expressions = (selector?.matchExpressions ?? []).flatMap(({ key }, i) => {
    const text = deprecatedNodeLabel(key);
    return text ? [`${path}.matchExpressions[${i}].key: ${key} is ${text}`] : [];
  });
  const labels = Object.keys(selector?.matchLabels ?? {}).flatMap((label) => {
    const text = deprecatedNodeLabel(label);
    return text ? [`${path}.matchLabels.${label}: ${text}`] : [];
  });
  return [...expressions, ...labels];
}

/** `checkValues`: values that are no label values are told too. */
export function nodeSelectorTermWarnings(
  path: string,
  { matchExpressions = [] }: NodeSelectorTerm,
  { checkValues = false } = {},
): string[] {
  return matchExpressions.flatMap(({ key, values = [] }, i) => {
    const at = `${path}.matchExpressions[${i}]`;
    const text = deprecatedNodeLabel(key);
    const odd = (value: string, j: number) => isLabelValue(value).map((why) => `${at}.values[${j}]: ${value} is invalid, ${why}`);
    return [...(text ? [`${at}.key: ${key} is ${text}`] : []), ...(checkValues ? values.flatMap(odd) : [])];
  });
}
