import type { PodDisruptionBudget as T } from "../generated/policy-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const PodDisruptionBudget = defineKind<T>({
  ...facts["policy/v1/poddisruptionbudgets"],
  requireResourceVersion: true,
  generation: true,
});
export type PodDisruptionBudget = T;
