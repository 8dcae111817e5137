import type { ResourceClaim as T } from "../generated/resource-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ResourceClaim = defineKind<T>({ ...facts["resource.k8s.io/v1/resourceclaims"], returnDeletedObject: true });
export type ResourceClaim = T;
