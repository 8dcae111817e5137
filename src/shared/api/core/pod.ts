import type { Pod as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Pod = defineKind<T>({ ...facts["v1/pods"] });
export type Pod = T;
