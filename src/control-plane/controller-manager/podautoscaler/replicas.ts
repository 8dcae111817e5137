/**
 * How many replicas a resource metric asks for. Pure.
 *
 * The count is scaled by how far usage is from the target. Pods that have no metrics yet, or are not ready, are assumed to weigh against the
 * change: as unused when it would grow, as fully used when it would shrink; and if that turns the change around, there is none.
 *
 * @source pkg/controller/podautoscaler/replica_calculator.go v1.36
 */
import type { Pod } from "../../../shared/api/index.ts";
import type { MetricTarget } from "../../../shared/api/generated/autoscaling-v2.ts";
import { findCondition, quantityMilli } from "../../../shared/apimachinery/index.ts";
import { parseTime } from "../../../shared/lib/platform.ts";

const CPU_WARMUP_MS = 5 * 60_000;
const FIRST_READY_MS = 30_000;

export interface Proposal {
  replicas: number;
  /** Percent of what is requested, or milli-units a pod. */
  utilization?: number;
  averageMilli: number;
}

export interface Measured {
  pods: readonly Pod[];
  /** Milli-units used, by pod name; pods without metrics are not in it. */
  usage: ReadonlyMap<string, number>;
  resource: string;
  /** Only this container counts. */
  container?: string;
  target: MetricTarget;
  current: number;
  tolerance: { up: number; down: number };
  now: number;
}

/** @throws Error with upstream's text where nothing can be computed. */
export function proposeReplicas(measured: Measured): Proposal {
  const { pods, usage, target, current } = measured;
  const groups = group(measured);
  const { ready, unready, missing } = groups;
  if (ready.length === 0 && unready.length === 0)
    throw new Error("did not receive metrics for targeted pods (pods might be unready)");
  const requests = new Map(pods.map((pod) => [pod.metadata.name, target.type === "Utilization" ? requestOf(pod, measured) : 0]));
  const values = new Map(ready.map((name) => [name, usage.get(name)!]));
  if (values.size === 0) throw new Error("did not receive metrics for targeted pods (pods might be unready)");
  const first = ratioOf(values, requests, target);
  const withUnready = unready.length > 0 && first.ratio > 1;
  if (!withUnready && missing.length === 0) {
    const replicas = within(first.ratio, measured) ? current : Math.ceil(first.ratio * ready.length);
    return { replicas, ...first };
  }
  for (const name of missing) values.set(name, first.ratio < 1 ? assumedHigh(name, requests, target) : 0);
  if (withUnready) for (const name of unready) values.set(name, 0);
  const second = ratioOf(values, requests, target).ratio;
  if (within(second, measured) || (first.ratio < 1 && second > 1) || (first.ratio > 1 && second < 1))
    return { replicas: current, ...first };
  const replicas = Math.ceil(second * values.size);
  if ((second < 1 && replicas > current) || (second > 1 && replicas < current)) return { replicas: current, ...first };
  return { replicas, ...first };
}

const within = (ratio: number, { tolerance }: Measured): boolean => ratio >= 1 - tolerance.down && ratio <= 1 + tolerance.up;

function assumedHigh(name: string, requests: ReadonlyMap<string, number>, target: MetricTarget): number {
  if (target.type === "Utilization") return ((requests.get(name) ?? 0) * Math.max(100, target.averageUtilization!)) / 100;
  return quantityMilli(target.averageValue);
}

function ratioOf(values: ReadonlyMap<string, number>, requests: ReadonlyMap<string, number>, target: MetricTarget) {
  const used = [...values.values()].reduce((a, b) => a + b, 0);
  const averageMilli = used / values.size;
  if (target.type !== "Utilization") return { ratio: averageMilli / quantityMilli(target.averageValue), averageMilli };
  const requested = [...values.keys()].reduce((n, name) => n + (requests.get(name) ?? 0), 0);
  if (requested === 0) throw new Error("no metrics returned matched known pods");
  const utilization = Math.trunc((used * 100) / requested);
  return { ratio: utilization / target.averageUtilization!, utilization, averageMilli };
}

function requestOf({ metadata, spec }: Pod, { resource, container }: Measured): number {
  const counted = [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter((c) => c.restartPolicy === "Always")];
  let sum = 0;
  for (const c of counted) {
    if (container && c.name !== container) continue;
    const request = c.resources?.requests?.[resource];
    if (request === undefined) throw new Error(`missing request for ${resource} in container ${c.name} of Pod ${metadata.name}`);
    sum += quantityMilli(request);
  }
  return sum;
}

function group({ pods, usage, resource, now }: Measured): Record<"ready" | "unready" | "missing", string[]> {
  const groups = { ready: [] as string[], unready: [] as string[], missing: [] as string[] };
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp || pod.status?.phase === "Failed") continue;
    if (pod.status?.phase === "Pending") groups.unready.push(name);
    else if (!usage.has(name)) groups.missing.push(name);
    else if (resource === "cpu" && isWarmingUp(pod, now)) groups.unready.push(name);
    else groups.ready.push(name);
  }
  return groups;
}

/** The cpu of a pod that is still starting says nothing about its load. */
function isWarmingUp({ status }: Pod, now: number): boolean {
  const ready = findCondition(status?.conditions, "Ready");
  if (!ready || !status?.startTime) return true;
  const started = parseTime(status.startTime);
  const changed = parseTime(ready.lastTransitionTime ?? "");
  if (started + CPU_WARMUP_MS > now) return ready.status === "False";
  return ready.status === "False" && started + FIRST_READY_MS > changed;
}
