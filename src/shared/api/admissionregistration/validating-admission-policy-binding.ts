import { setMatchResourcesDefaults } from "./webhook-defaults.ts";
import type { ValidatingAdmissionPolicyBinding as T } from "../generated/admissionregistration-v1.ts";
import { age } from "../cells.ts";
import { paramText } from "./param-cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

import { validationActionErrors } from "./validation/policies.ts";
import { matchResourcesErrors, paramRefErrors, policyNameErrors } from "./validation/rules.ts";

export const ValidatingAdmissionPolicyBinding = defineKind<T>({
  ...facts["admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"],
  cells(binding, context) {
    const { policyName = "", paramRef } = binding.spec ?? {};
    return [binding.metadata.name, policyName, paramText(paramRef), age(binding, context)];
  },
  requireResourceVersion: true,
  generation: true,
  validate(binding) {
    const { policyName, paramRef, matchResources } = binding.spec ?? {};
    return [
      ...policyNameErrors("spec.policyName", policyName ?? ""),
      ...paramRefErrors("spec.paramRef", paramRef),
      ...(matchResources ? matchResourcesErrors("spec.matchResources", matchResources, false) : []),
      ...validationActionErrors(binding),
    ];
  },
  setDefaults({ spec }) {
    setMatchResourcesDefaults(spec?.matchResources);
  },
});
export type ValidatingAdmissionPolicyBinding = T;
