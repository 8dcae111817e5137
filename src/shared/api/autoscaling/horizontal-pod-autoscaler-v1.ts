import type { HorizontalPodAutoscaler as T } from "../generated/autoscaling-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const HorizontalPodAutoscalerV1 = defineKind<T>({ ...facts["autoscaling/v1/horizontalpodautoscalers"] });
export type HorizontalPodAutoscalerV1 = T;
