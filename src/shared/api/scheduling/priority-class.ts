import type { PriorityClass as T } from "../generated/scheduling-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const PriorityClass = defineKind<T>({ ...facts["scheduling.k8s.io/v1/priorityclasses"], generation: true });
export type PriorityClass = T;
