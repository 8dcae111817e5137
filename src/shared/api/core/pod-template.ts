import type { PodTemplate as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const PodTemplate = defineKind<T>({ ...facts["v1/podtemplates"] });
export type PodTemplate = T;
