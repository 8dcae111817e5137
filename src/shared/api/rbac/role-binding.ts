import { setBindingDefaults, validateRoleRefUpdate } from "./binding-defaults.ts";
import type { RoleBinding as T } from "../generated/rbac-v1.ts";
import { age } from "../cells.ts";
import { subjectCells } from "./subject-cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateBinding } from "./validation.ts";

export const RoleBinding = defineKind<T>({
  ...facts["rbac.authorization.k8s.io/v1/rolebindings"],
  cells(binding, context) {
    const { kind, name } = binding.roleRef;
    return [binding.metadata.name, `${kind}/${name}`, age(binding, context), ...subjectCells(binding.subjects)];
  },
  name: "path-segment",
  createOnUpdate: true,
  setDefaults: setBindingDefaults,
  validate: (binding) => validateBinding(binding, "Namespaced"),
  validateUpdate: validateRoleRefUpdate,
});
export type RoleBinding = T;
