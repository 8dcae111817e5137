import type { CustomResourceDefinition as T } from "../generated/apiextensions-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const CustomResourceDefinition = defineKind<T>({
  ...facts["apiextensions.k8s.io/v1/customresourcedefinitions"],
  requireResourceVersion: true,
  generation: true,
});
export type CustomResourceDefinition = T;
