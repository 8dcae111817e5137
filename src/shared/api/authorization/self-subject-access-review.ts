import type { SelfSubjectAccessReview as T } from "../generated/authorization-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const SelfSubjectAccessReview = defineKind<T>({ ...facts["authorization.k8s.io/v1/selfsubjectaccessreviews"] });
export type SelfSubjectAccessReview = T;
