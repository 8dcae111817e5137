import type { HorizontalPodAutoscaler as T } from "../generated/autoscaling-v2.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const HorizontalPodAutoscaler = defineKind<T>({ ...facts["autoscaling/v2/horizontalpodautoscalers"] });
export type HorizontalPodAutoscaler = T;
