import type { Binding as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Binding = defineKind<T>({ ...facts["v1/bindings"] });
export type Binding = T;
