import type { HorizontalPodAutoscaler as T } from "../generated/autoscaling-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { HorizontalPodAutoscaler as Autoscaler } from "./horizontal-pod-autoscaler.ts";
import { convertAutoscaler, DEFAULT_CPU_UTILIZATION, METRICS } from "./convert.ts";

export const HorizontalPodAutoscalerV1 = defineKind<T>({
  ...facts["autoscaling/v1/horizontalpodautoscalers"],
  cells: (scaler, context) => Autoscaler.cells!(convertAutoscaler(scaler, Autoscaler) as Autoscaler, context),
  setDefaults({ metadata, spec }) {
    if (!spec) return;
    spec.minReplicas ??= 1;
    if (metadata.annotations?.[METRICS] === undefined) spec.targetCPUUtilizationPercentage ??= DEFAULT_CPU_UTILIZATION;
  },
});
export type HorizontalPodAutoscalerV1 = T;
