import type { NetworkPolicy as T } from "../generated/networking-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const NetworkPolicy = defineKind<T>({ ...facts["networking.k8s.io/v1/networkpolicies"], generation: true });
export type NetworkPolicy = T;
