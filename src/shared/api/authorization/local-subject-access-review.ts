import type { LocalSubjectAccessReview as T } from "../generated/authorization-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const LocalSubjectAccessReview = defineKind<T>({ ...facts["authorization.k8s.io/v1/localsubjectaccessreviews"] });
export type LocalSubjectAccessReview = T;
