import { setMatchResourcesDefaults } from "./webhook-defaults.ts";
import type { MutatingAdmissionPolicyBinding as T } from "../generated/admissionregistration-v1.ts";
import { age } from "../cells.ts";
import { paramText } from "./param-cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

import { matchResourcesErrors, mutatingOperationErrors, paramRefErrors, policyNameErrors } from "./validation/rules.ts";

export const MutatingAdmissionPolicyBinding = defineKind<T>({
  ...facts["admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings"],
  cells(binding, context) {
    const { policyName = "", paramRef } = binding.spec ?? {};
    return [binding.metadata.name, policyName, paramText(paramRef), age(binding, context)];
  },
  requireResourceVersion: true,
  generation: true,
  validate({ spec }) {
    const { policyName, paramRef, matchResources } = spec ?? {};
    return [
      ...policyNameErrors("spec.policyName", policyName ?? ""),
      ...paramRefErrors("spec.paramRef", paramRef),
      ...(matchResources ? matchResourcesErrors("spec.matchResources", matchResources, false) : []),
      ...(matchResources ? mutatingOperationErrors("spec.matchResources", matchResources) : []),
    ];
  },
  setDefaults({ spec }) {
    setMatchResourcesDefaults(spec?.matchResources);
  },
});
export type MutatingAdmissionPolicyBinding = T;
