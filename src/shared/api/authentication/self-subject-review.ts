import type { SelfSubjectReview as T } from "../generated/authentication-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const SelfSubjectReview = defineKind<T>({ ...facts["authentication.k8s.io/v1/selfsubjectreviews"] });
export type SelfSubjectReview = T;
