/**
 * How fast a size may change, and between which bounds. Pure.
 *
 * Growth is limited by the largest of its policies (by default double, or four more, in 15 s), shrinking by the largest drop; and the size follows
 * the highest recommendation of the last five minutes on its way down.
 *
 * @source pkg/controller/podautoscaler/horizontal.go normalizeDesiredReplicasWithBehaviors v1.36
 */
import type { HorizontalPodAutoscaler } from "../../../shared/api/index.ts";
import type { HPAScalingRules } from "../../../shared/api/generated/autoscaling-v2.ts";

export interface Recommendation {
  at: number;
  replicas: number;
}

/** A change of size, positive or negative. */
export interface Change {
  at: number;
  by: number;
}

export interface Memory {
  recommendations: Recommendation[];
  changes: Change[];
}

export interface Limited {
  replicas: number;
  /** Why the size is not as recommended, for the condition AbleToScale. */
  stabilized?: { reason: string; message: string };
  /** For the condition ScalingLimited. */
  limited: boolean;
  reason: string;
  message: string;
}

const DEFAULT_UP: Required<Pick<HPAScalingRules, "stabilizationWindowSeconds" | "policies">> = {
  stabilizationWindowSeconds: 0,
  policies: [
    { type: "Percent", value: 100, periodSeconds: 15 },
    { type: "Pods", value: 4, periodSeconds: 15 },
  ],
};
const DEFAULT_DOWN = { stabilizationWindowSeconds: 300, policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] };

/** Adds the recommendation to the memory. */
export function limit({ spec }: HorizontalPodAutoscaler, memory: Memory, current: number, wanted: number, now: number): Limited {
  const up = { ...DEFAULT_UP, ...spec.behavior?.scaleUp };
  const down = { ...DEFAULT_DOWN, ...spec.behavior?.scaleDown };
  memory.recommendations = memory.recommendations.filter((r) => now - r.at <= 3_600_000);
  memory.changes = memory.changes.filter((c) => now - c.at <= 1_800_000);
  const recent = (seconds: number) => memory.recommendations.filter((r) => now - r.at <= seconds * 1000).map((r) => r.replicas);
  const floor = Math.min(wanted, ...recent(up.stabilizationWindowSeconds));
  const ceiling = Math.max(wanted, ...recent(down.stabilizationWindowSeconds));
  memory.recommendations.push({ at: now, replicas: wanted });
  const stable = Math.min(Math.max(current, floor), ceiling);
  const min = spec.minReplicas ?? 1;
  const bounded = bound(stable, current, min, spec.maxReplicas, up, down, memory, now);
  return { ...bounded, ...(stable !== wanted && { stabilized: stabilization(stable > wanted) }) };
}

function stabilization(down: boolean) {
  return down
    ? {
        reason: "ScaleDownStabilized",
        message: "recent recommendations were higher than current one, applying the highest recent recommendation",
      }
    : {
        reason: "ScaleUpStabilized",
        message: "recent recommendations were lower than current one, applying the lowest recent recommendation",
      };
}

function bound(
  wanted: number,
  current: number,
  min: number,
  max: number,
  up: HPAScalingRules,
  down: HPAScalingRules,
  memory: Memory,
  now: number,
): Limited {
  if (wanted > current) {
    const rate = Math.max(current, reach(current, up, memory.changes, now, 1));
    if (wanted > Math.min(rate, max)) {
      return rate < max
        ? {
            replicas: rate,
            limited: true,
            reason: "ScaleUpLimit",
            message: "the desired replica count is increasing faster than the maximum scale rate",
          }
        : {
            replicas: max,
            limited: true,
            reason: "TooManyReplicas",
            message: "the desired replica count is more than the maximum replica count",
          };
    }
  } else if (wanted < current) {
    const rate = Math.min(current, reach(current, down, memory.changes, now, -1));
    if (wanted < Math.max(rate, min)) {
      return rate > min
        ? {
            replicas: rate,
            limited: true,
            reason: "ScaleDownLimit",
            message: "the desired replica count is decreasing faster than the maximum scale rate",
          }
        : {
            replicas: min,
            limited: true,
            reason: "TooFewReplicas",
            message: "the desired replica count is less than the minimum replica count",
          };
    }
  }
  return {
    replicas: wanted,
    limited: false,
    reason: "DesiredWithinRange",
    message: "the desired count is within the acceptable range",
  };
}

/** Changes within the period of a policy count against it. */
function changed(changes: readonly Change[], seconds: number, now: number, sign: 1 | -1): number {
  return changes.filter((c) => now - c.at < seconds * 1000 && Math.sign(c.by) === sign).reduce((n, c) => n + c.by, 0);
}

/** How far the policies let it go up or down within their periods. */
function reach(
  current: number,
  { policies = [], selectPolicy = "Max" }: HPAScalingRules,
  changes: readonly Change[],
  now: number,
  sign: 1 | -1,
): number {
  if (selectPolicy === "Disabled") return current;
  const whole = sign === 1 ? Math.ceil : Math.trunc;
  const sizes = policies.map(({ type, value, periodSeconds }) => {
    const start = current - changed(changes, periodSeconds, now, sign);
    return type === "Pods" ? start + sign * value : whole(start * (1 + (sign * value) / 100));
  });
  // Downwards, the largest change is the smallest size.
  return (selectPolicy === "Min") === (sign === 1) ? Math.min(...sizes) : Math.max(...sizes);
}
