import type { ResourceClaimTemplate as T } from "../generated/resource-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ResourceClaimTemplate = defineKind<T>({
  ...facts["resource.k8s.io/v1/resourceclaimtemplates"],
  returnDeletedObject: true,
});
export type ResourceClaimTemplate = T;
