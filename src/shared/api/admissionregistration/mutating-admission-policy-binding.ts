import { setMatchResourcesDefaults } from "./webhook-defaults.ts";
import type { MutatingAdmissionPolicyBinding as T } from "../generated/admissionregistration-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const MutatingAdmissionPolicyBinding = defineKind<T>({
  ...facts["admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings"],
  requireResourceVersion: true,
  generation: true,
  setDefaults({ spec }) {
    setMatchResourcesDefaults(spec?.matchResources);
  },
});
export type MutatingAdmissionPolicyBinding = T;
