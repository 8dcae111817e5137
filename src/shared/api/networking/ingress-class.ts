import type { IngressClass as T } from "../generated/networking-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const IngressClass = defineKind<T>({
  ...facts["networking.k8s.io/v1/ingressclasses"],
  generation: true,
  setDefaults({ spec }) {
    if (spec?.parameters) spec.parameters.scope ??= "Cluster";
  },
});
export type IngressClass = T;
