import type { ServiceCIDR as T } from "../generated/networking-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ServiceCIDR = defineKind<T>({ ...facts["networking.k8s.io/v1/servicecidrs"] });
export type ServiceCIDR = T;
