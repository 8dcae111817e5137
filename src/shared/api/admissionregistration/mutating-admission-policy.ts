import { setMatchResourcesDefaults } from "./webhook-defaults.ts";
import type { MutatingAdmissionPolicy as T } from "../generated/admissionregistration-v1.ts";
import { age, UNSET } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

import { mutatingPolicyErrors } from "./validation/policies.ts";

export const MutatingAdmissionPolicy = defineKind<T>({
  ...facts["admissionregistration.k8s.io/v1/mutatingadmissionpolicies"],
  cells(policy, context) {
    const { paramKind, mutations = [] } = policy.spec ?? {};
    const kind = paramKind ? `${paramKind.apiVersion}/${paramKind.kind}` : UNSET;
    return [policy.metadata.name, mutations.length, kind, age(policy, context)];
  },
  requireResourceVersion: true,
  generation: true,
  validate: mutatingPolicyErrors,
  setDefaults({ spec }) {
    if (!spec) return;
    spec.failurePolicy ??= "Fail";
    setMatchResourcesDefaults(spec.matchConstraints);
  },
});
export type MutatingAdmissionPolicy = T;
