import type { Role as T } from "../generated/rbac-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateRules } from "./validation.ts";

export const Role = defineKind<T>({
  ...facts["rbac.authorization.k8s.io/v1/roles"],
  name: "path-segment",
  createOnUpdate: true,
  validate: ({ rules }) => validateRules(rules, "Namespaced"),
});
export type Role = T;
