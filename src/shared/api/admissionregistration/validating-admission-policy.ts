import type { ValidatingAdmissionPolicy as T } from "../generated/admissionregistration-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ValidatingAdmissionPolicy = defineKind<T>({
  ...facts["admissionregistration.k8s.io/v1/validatingadmissionpolicies"],
  requireResourceVersion: true,
  generation: true,
});
export type ValidatingAdmissionPolicy = T;
