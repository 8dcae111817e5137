import type { SubjectAccessReview as T } from "../generated/authorization-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const SubjectAccessReview = defineKind<T>({ ...facts["authorization.k8s.io/v1/subjectaccessreviews"] });
export type SubjectAccessReview = T;
