/**
 * How many pods of a budget may be evicted now. Pure.
 *
 * @source pkg/controller/disruption/disruption.go v1.36
 */
import type { Pod, PodDisruptionBudget } from "../../../shared/api/index.ts";
import type { PodDisruptionBudgetStatus } from "../../../shared/api/generated/policy-v1.ts";
import { scaledValue, setCondition } from "../../../shared/apimachinery/index.ts";
import { formatTime, parseTime } from "../../../shared/lib/platform.ts";
import { isPodReady } from "../common/pod-state.ts";

/** An evicted pod that is still there after this long counts as healthy again. */
const DELETION_TIMEOUT_MS = 2 * 60_000;

export interface Outcome {
  status: PodDisruptionBudgetStatus;
  recheckMs?: number;
  /** Pods that were evicted and did not go. */
  stuck: Pod[];
}

/** Only percentages and `maxUnavailable` need to know how many pods there should be. */
export function needsScale({ spec }: PodDisruptionBudget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === "string";
}

/** `scale` is the sum of what the pods' controllers want; ignored where only a number is asked for. */
export function plan(pdb: PodDisruptionBudget, pods: readonly Pod[], scale: number, now: number): Outcome {
  const expectedPods = needsScale(pdb) ? scale : pods.length;
  const desiredHealthy = wantedHealthy(pdb, expectedPods);
  const stuck: Pod[] = [];
  const disruptedPods: Record<string, string> = {};
  let recheckMs: number | undefined;
  for (const pod of pods) {
    const since = pdb.status?.disruptedPods?.[pod.metadata.name];
    if (!since || pod.metadata.deletionTimestamp) continue;
    const left = parseTime(since) + DELETION_TIMEOUT_MS - now;
    if (left < 0) {
      stuck.push(pod);
      continue;
    }
    disruptedPods[pod.metadata.name] = since;
    recheckMs = Math.min(recheckMs ?? left, left);
  }
  const healthy = pods.filter(
    (p) => !p.metadata.deletionTimestamp && !(p.metadata.name in disruptedPods) && isPodReady(p),
  ).length;
  const allowed = expectedPods > 0 ? Math.max(0, healthy - desiredHealthy) : 0;
  const status = {
    observedGeneration: pdb.metadata.generation ?? 0,
    ...(Object.keys(disruptedPods).length && { disruptedPods }),
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy,
    expectedPods,
    conditions: withCondition(pdb, allowed > 0 ? "True" : "False", allowed > 0 ? "SufficientPods" : "InsufficientPods", "", now),
  };
  return { status, stuck, ...(recheckMs !== undefined && { recheckMs }) };
}

/** The budget cannot be computed: nothing may be evicted until it can. */
export function failSafe(pdb: PodDisruptionBudget, message: string, now: number): PodDisruptionBudgetStatus {
  return { ...pdb.status!, disruptionsAllowed: 0, conditions: withCondition(pdb, "False", "SyncFailed", message, now) };
}

function withCondition(pdb: PodDisruptionBudget, status: string, reason: string, message: string, now: number) {
  const condition = {
    type: "DisruptionAllowed",
    status,
    reason,
    message,
    observedGeneration: pdb.metadata.generation ?? 0,
    lastTransitionTime: formatTime(now),
  };
  return setCondition(pdb.status?.conditions, condition, formatTime(now));
}

function wantedHealthy({ spec }: PodDisruptionBudget, expected: number): number {
  if (spec?.maxUnavailable !== undefined) return Math.max(0, expected - scaledValue(spec.maxUnavailable, expected, "up"));
  return spec?.minAvailable === undefined ? 0 : scaledValue(spec.minAvailable, expected, "up");
}
