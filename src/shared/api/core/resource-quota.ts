import type { ResourceQuota as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ResourceQuota = defineKind<T>({ ...facts["v1/resourcequotas"], returnDeletedObject: true });
export type ResourceQuota = T;
