import type { Ingress as T } from "../generated/networking-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Ingress = defineKind<T>({ ...facts["networking.k8s.io/v1/ingresses"], generation: true });
export type Ingress = T;
