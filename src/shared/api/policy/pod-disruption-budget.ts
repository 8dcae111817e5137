import type { PodDisruptionBudget as T } from "../generated/policy-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const PodDisruptionBudget = defineKind<T>({
  ...facts["policy/v1/poddisruptionbudgets"],
  cells(budget, context) {
    const { minAvailable = "N/A", maxUnavailable = "N/A" } = budget.spec ?? {};
    const allowed = budget.status?.disruptionsAllowed ?? 0;
    return [budget.metadata.name, String(minAvailable), String(maxUnavailable), allowed, age(budget, context)];
  },
  requireResourceVersion: true,
  generation: true,
});
export type PodDisruptionBudget = T;
