import type { HorizontalPodAutoscaler as T } from "../generated/autoscaling-v2.ts";
import { age, UNSET } from "../cells.ts";
import { metricsText } from "./metric-cells.ts";
import { facts } from "../generated/kinds.ts";
import { nonNegative } from "../core/validation/common.ts";
import { defineKind } from "../kind.ts";
import { validateAutoscaler } from "./validation.ts";
import { cpuMetric, DEFAULT_CPU_UTILIZATION } from "./convert.ts";

type Rules = NonNullable<NonNullable<NonNullable<T["spec"]>["behavior"]>["scaleUp"]>;

const PERIOD_SECONDS = 15;
const percent: NonNullable<Rules["policies"]>[number] = { type: "Percent", value: 100, periodSeconds: PERIOD_SECONDS };
const pods: NonNullable<Rules["policies"]>[number] = { type: "Pods", value: 4, periodSeconds: PERIOD_SECONDS };

export const HorizontalPodAutoscaler = defineKind<T>({
  ...facts["autoscaling/v2/horizontalpodautoscalers"],
  cells(scaler, context) {
    const { scaleTargetRef: target, metrics, minReplicas, maxReplicas } = scaler.spec ?? { maxReplicas: 0 };
    const { currentMetrics, currentReplicas = 0 } = scaler.status ?? {};
    const least = minReplicas === undefined ? UNSET : String(minReplicas);
    const head = [
      scaler.metadata.name,
      `${target?.kind ?? ""}/${target?.name ?? ""}`,
      metricsText(metrics, currentMetrics ?? []),
    ];
    return [...head, least, maxReplicas, currentReplicas, age(scaler, context)];
  },
  validate: (scaler, _context, old) => validateAutoscaler(scaler, old),
  validateStatusUpdate: ({ status }) =>
    (["currentReplicas", "desiredReplicas"] as const).flatMap((name) => nonNegative(`status.${name}`, status?.[name])),
  setDefaults({ spec }) {
    if (!spec) return;
    spec.minReplicas ??= 1;
    if (!spec.metrics?.length) spec.metrics = [cpuMetric(DEFAULT_CPU_UTILIZATION)];
    if (!spec.behavior) return;
    const rules = (given: Rules | undefined, defaults: Rules): Rules => ({ selectPolicy: "Max", ...defaults, ...given });
    spec.behavior.scaleUp = rules(spec.behavior.scaleUp, {
      stabilizationWindowSeconds: 0,
      policies: [{ ...pods }, { ...percent }],
    });
    spec.behavior.scaleDown = rules(spec.behavior.scaleDown, { policies: [{ ...percent }] });
  },
});
export type HorizontalPodAutoscaler = T;
