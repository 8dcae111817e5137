import type { LimitRange as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const LimitRange = defineKind<T>({ ...facts["v1/limitranges"], createOnUpdate: true });
export type LimitRange = T;
