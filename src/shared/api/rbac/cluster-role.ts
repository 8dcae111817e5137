import type { ClusterRole as T } from "../generated/rbac-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateAggregation, validateRules } from "./validation.ts";

export const ClusterRole = defineKind<T>({
  ...facts["rbac.authorization.k8s.io/v1/clusterroles"],
  name: "path-segment",
  createOnUpdate: true,
  validate: ({ rules, aggregationRule }) => [...validateRules(rules, "Cluster"), ...validateAggregation(aggregationRule)],
});
export type ClusterRole = T;
