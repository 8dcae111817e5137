/**
 * How long a pod may stay on a node with NoExecute taints. Pure.
 *
 * @source pkg/controller/tainteviction/taint_eviction.go, component-helpers/scheduling/corev1/helpers.go v1.36
 */
import { tolerates } from "../../../shared/api/core/placement.ts";
import type { Taint, Toleration } from "../../../shared/api/generated/core-v1.ts";

/** 0: it has to go now; undefined: it may stay for good. */
export function tolerationMs(taints: readonly Taint[], tolerations: readonly Toleration[]): number | undefined {
  const used: Toleration[] = [];
  for (const taint of taints) {
    const toleration = tolerations.find((t) => tolerates(t, taint));
    if (!toleration) return 0;
    used.push(toleration);
  }
  const seconds = used.map((t) => t.tolerationSeconds).filter((s) => s !== undefined);
  return seconds.length ? Math.max(0, Math.min(...seconds)) * 1000 : undefined;
}
