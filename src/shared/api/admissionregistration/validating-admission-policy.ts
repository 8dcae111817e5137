import { setMatchResourcesDefaults } from "./webhook-defaults.ts";
import type { ValidatingAdmissionPolicy as T } from "../generated/admissionregistration-v1.ts";
import { age, UNSET } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

import { validatingPolicyErrors } from "./validation/policies.ts";

export const ValidatingAdmissionPolicy = defineKind<T>({
  ...facts["admissionregistration.k8s.io/v1/validatingadmissionpolicies"],
  cells(policy, context) {
    const { paramKind, validations = [] } = policy.spec ?? {};
    const kind = paramKind ? `${paramKind.apiVersion}/${paramKind.kind}` : UNSET;
    return [policy.metadata.name, validations.length, kind, age(policy, context)];
  },
  requireResourceVersion: true,
  generation: true,
  validate: validatingPolicyErrors,
  setDefaults({ spec }) {
    if (!spec) return;
    spec.failurePolicy ??= "Fail";
    setMatchResourcesDefaults(spec.matchConstraints);
  },
});
export type ValidatingAdmissionPolicy = T;
