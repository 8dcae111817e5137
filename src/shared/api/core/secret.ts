import type { Secret as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Secret = defineKind<T>({ ...facts["v1/secrets"] });
export type Secret = T;
