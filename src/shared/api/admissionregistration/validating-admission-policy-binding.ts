import { setMatchResourcesDefaults } from "./webhook-defaults.ts";
import type { ValidatingAdmissionPolicyBinding as T } from "../generated/admissionregistration-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ValidatingAdmissionPolicyBinding = defineKind<T>({
  ...facts["admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"],
  requireResourceVersion: true,
  generation: true,
  setDefaults({ spec }) {
    setMatchResourcesDefaults(spec?.matchResources);
  },
});
export type ValidatingAdmissionPolicyBinding = T;
