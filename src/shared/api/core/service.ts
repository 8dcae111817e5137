import type { Service as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Service = defineKind<T>({ ...facts["v1/services"] });
export type Service = T;
