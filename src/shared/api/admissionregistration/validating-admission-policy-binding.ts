import { setMatchResourcesDefaults } from "./webhook-defaults.ts";
import type { ValidatingAdmissionPolicyBinding as T } from "../generated/admissionregistration-v1.ts";
import { age } from "../cells.ts";
import { paramText } from "./param-cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ValidatingAdmissionPolicyBinding = defineKind<T>({
  ...facts["admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"],
  cells(binding, context) {
    const { policyName = "", paramRef } = binding.spec ?? {};
    return [binding.metadata.name, policyName, paramText(paramRef), age(binding, context)];
  },
  requireResourceVersion: true,
  generation: true,
  setDefaults({ spec }) {
    setMatchResourcesDefaults(spec?.matchResources);
  },
});
export type ValidatingAdmissionPolicyBinding = T;
