/**
 * Quotas: names and amounts, and scopes that fit what is counted.
 *
 * @source pkg/apis/core/validation/validation.go ValidateResourceQuotaSpec v1.36
 */
import { invalidValue, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { compareQuantities } from "../../../apimachinery/quantity.ts";
import type { ResourceQuotaSpec } from "../../generated/core-v1.ts";
import { isStandardQuotaName, sortedEntries, validateQuotaResourceName, validateResourceQuantity } from "./resources.ts";

const OF_PODS = ["pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];

/** Standard resources that may be counted within a scope. */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  Terminating: OF_PODS,
  NotTerminating: OF_PODS,
  NotBestEffort: OF_PODS,
  PriorityClass: OF_PODS,
  CrossNamespacePodAffinity: OF_PODS,
  BestEffort: ["pods"],
  VolumeAttributesClass: ["persistentvolumeclaims", "requests.storage"],
};
const ONLY_EXIST = ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"];
const CONFLICTS = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
];

export const validateQuotaSpec = (spec: ResourceQuotaSpec = {}): FieldError[] => [
  ...validateAmounts("spec.hard", spec.hard),
  ...validateScopes(spec),
  ...validateScopeSelector(spec),
];

export function validateAmounts(path: string, amounts: Readonly<Record<string, string>> | undefined): FieldError[] {
  return sortedEntries(amounts).flatMap(([name, quantity]) => {
    const at = `${path}[${name}]`;
    return [...validateQuotaResourceName(at, name), ...validateResourceQuantity(at, name, quantity)];
  });
}

/** How many of the standard resources cannot be counted within a scope. */
function misfits(scope: string, { hard = {} }: ResourceQuotaSpec): unknown[] {
  const known = SCOPES[scope];
  return known ? Object.keys(hard).filter((name) => isStandardQuotaName(name) && !known.includes(name)) : [];
}

function conflicts(scopes: readonly (string | undefined)[], spec: ResourceQuotaSpec): FieldError[] {
  return CONFLICTS.filter((pair) => pair.every((scope) => scopes.includes(scope))).map(() =>
    invalidValue("spec.scopes", spec.scopes, "conflicting scopes"),
  );
}

function validateScopes(spec: ResourceQuotaSpec): FieldError[] {
  const scopes = spec.scopes ?? [];
  const refuse = (text: string) => invalidValue("spec.scopes", scopes, text);
  const errors = scopes.flatMap((scope) => [
    ...(scope in SCOPES ? [] : [refuse("unsupported scope")]),
    ...misfits(scope, spec).map(() => refuse("unsupported scope applied to resource")),
  ]);
  return [...errors, ...conflicts(scopes, spec)];
}

const ONLY_EXIST_TEXT =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

function validateScopeSelector(spec: ResourceQuotaSpec): FieldError[] {
  if (!spec.scopeSelector) return [];
  const path = "spec.scopeSelector.matchExpressions";
  const terms = spec.scopeSelector.matchExpressions ?? [];
  const shown = {
    MatchExpressions: terms.map((term) => ({ ScopeName: term.scopeName, Operator: term.operator, Values: term.values ?? null })),
  };
  const errors = terms.flatMap(({ scopeName, operator, values = [] }) => [
    ...(scopeName in SCOPES ? [] : [invalidValue(`${path}.scopeName`, scopeName, "unsupported scope")]),
    ...misfits(scopeName, spec).map(() => invalidValue(path, shown, "unsupported scope applied to resource")),
    ...(ONLY_EXIST.includes(scopeName) && operator !== "Exists"
      ? [invalidValue(`${path}.operator`, operator, ONLY_EXIST_TEXT)]
      : []),
    ...validateOperator(path, operator, values),
  ]);
  return [
    ...errors,
    ...conflicts(
      terms.map(({ scopeName }) => scopeName),
      spec,
    ),
  ];
}

function validateOperator(path: string, operator: string, values: readonly string[]): FieldError[] {
  if (operator === "In" || operator === "NotIn") {
    const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    return values.length ? [] : [required(`${path}.values`, text)];
  }
  if (operator === "Exists" || operator === "DoesNotExist") {
    const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    return values.length ? [invalidValue(`${path}.values`, values, text)] : [];
  }
  return [invalidValue(`${path}.operator`, operator, "not a valid selector operator")];
}

/** A quota of requests above that of limits. */
export function quotaWarnings({ hard = {} }: ResourceQuotaSpec = {}): string[] {
  return ["cpu", "memory", "storage", "ephemeral-storage"].flatMap((name) => {
    const bare = name === "cpu" || name === "memory" ? name : "";
    const request = `requests.${name}` in hard ? `requests.${name}` : bare in hard ? bare : undefined;
    const limit = hard[`limits.${name}`];
    if (!request || limit === undefined || compareQuantities(hard[request]!, limit) <= 0) return [];
    return [`ResourceQuota ${request} (${hard[request]}) should be less than limits.${name} (${limit})`];
  });
}
