import { invalidValue, notSupported, type FieldError } from "../../apimachinery/field-error.ts";
import { validateConditions } from "../../apimachinery/validation-conditions.ts";
import { validateLabelSelector } from "../../apimachinery/validation.ts";
import { notMoreThanAll, validateIntOrPercent } from "../apps/validation.ts";
import { nonNegative } from "../core/validation/common.ts";
import type { PodDisruptionBudget as T } from "../generated/policy-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

const POLICIES = ["AlwaysAllow", "IfHealthyBudget"];
const COUNTS = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const;

export const PodDisruptionBudget = defineKind<T>({
  ...facts["policy/v1/poddisruptionbudgets"],
  name: "path-segment",
  cells(budget, context) {
    const { minAvailable = "N/A", maxUnavailable = "N/A" } = budget.spec ?? {};
    const allowed = budget.status?.disruptionsAllowed ?? 0;
    return [budget.metadata.name, String(minAvailable), String(maxUnavailable), allowed, age(budget, context)];
  },
  validate: ({ spec }) => validateBudget(spec),
  validateStatusUpdate: ({ status }) => [
    ...validateConditions("status.conditions", status?.conditions),
    ...COUNTS.flatMap((name) => nonNegative(`status.${name}`, status?.[name])),
  ],
  plainMetadata: () => true,
  requireResourceVersion: true,
  generation: true,
});
export type PodDisruptionBudget = T;

function validateBudget(spec: T["spec"] = {}): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const both = minAvailable !== undefined && maxUnavailable !== undefined;
  const shown = {
    MinAvailable: minAvailable,
    Selector: selector ?? null,
    MaxUnavailable: maxUnavailable,
    UnhealthyPodEvictionPolicy: policy ?? null,
  };
  const errors = both ? [invalidValue("spec", shown, "minAvailable and maxUnavailable cannot be both set")] : [];
  for (const name of ["minAvailable", "maxUnavailable"] as const) {
    if (spec[name] === undefined) continue;
    errors.push(...validateIntOrPercent(`spec.${name}`, spec[name]), ...notMoreThanAll(`spec.${name}`, spec[name]));
  }
  errors.push(...validateLabelSelector("spec.selector", selector));
  if (policy !== undefined && !POLICIES.includes(policy))
    errors.push(notSupported("spec.unhealthyPodEvictionPolicy", policy, POLICIES));
  return errors;
}
