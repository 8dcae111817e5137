import type { SelfSubjectRulesReview as T } from "../generated/authorization-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const SelfSubjectRulesReview = defineKind<T>({ ...facts["authorization.k8s.io/v1/selfsubjectrulesreviews"] });
export type SelfSubjectRulesReview = T;
