import type { IPAddress as T } from "../generated/networking-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const IPAddress = defineKind<T>({ ...facts["networking.k8s.io/v1/ipaddresses"] });
export type IPAddress = T;
