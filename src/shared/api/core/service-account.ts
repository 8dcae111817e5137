import type { ServiceAccount as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ServiceAccount = defineKind<T>({ ...facts["v1/serviceaccounts"], returnDeletedObject: true });
export type ServiceAccount = T;
