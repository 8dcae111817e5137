/**
 * What controllers ask of a pod: is it alive, ready, available, going away.
 *
 * @source pkg/api/v1/pod/util.go, pkg/controller/controller_utils.go v1.36
 */
import type { Pod } from "../../../shared/api/index.ts";
import { findCondition } from "../../../shared/apimachinery/index.ts";
import { parseTime } from "../../../shared/lib/platform.ts";

/** Phase Succeeded or Failed: it will not run again. */
export const isPodFinished = (pod: Pod): boolean => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/** Counts as a replica: neither finished nor being deleted. */
export const isPodActive = (pod: Pod): boolean => !isPodFinished(pod) && !pod.metadata.deletionTimestamp;

/** Being deleted and still running. */
export const isPodTerminating = (pod: Pod): boolean => !isPodFinished(pod) && !!pod.metadata.deletionTimestamp;

const readyCondition = (pod: Pod) => findCondition(pod.status?.conditions, "Ready");

export const isPodReady = (pod: Pod): boolean => readyCondition(pod)?.status === "True";

/** Milliseconds since the epoch at which the pod became ready; undefined where it is not. */
export function readySince(pod: Pod): number | undefined {
  const ready = readyCondition(pod);
  return ready?.status === "True" && ready.lastTransitionTime ? parseTime(ready.lastTransitionTime) : undefined;
}

/** Ready for `minReadySeconds` at least. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  return availableAfterMs(pod, minReadySeconds, now) === 0;
}

/** Milliseconds until a ready pod counts as available, 0 if it does; undefined where it is not ready. */
export function availableAfterMs(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  if (!isPodReady(pod)) return undefined;
  if (minReadySeconds === 0) return 0;
  const since = readySince(pod);
  return since === undefined ? undefined : Math.max(0, since + minReadySeconds * 1000 - now);
}

/** When the next of these pods becomes available by time alone; undefined where none will. */
export function nextAvailabilityMs(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  const waits = pods.map((pod) => availableAfterMs(pod, minReadySeconds, now)).filter((ms) => ms !== undefined && ms > 0);
  return waits.length ? Math.min(...(waits as number[])) : undefined;
}
