import type { ComponentStatus as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ComponentStatus = defineKind<T>({ ...facts["v1/componentstatuses"] });
export type ComponentStatus = T;
