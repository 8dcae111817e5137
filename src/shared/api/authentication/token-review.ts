import type { TokenReview as T } from "../generated/authentication-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const TokenReview = defineKind<T>({ ...facts["authentication.k8s.io/v1/tokenreviews"] });
export type TokenReview = T;
