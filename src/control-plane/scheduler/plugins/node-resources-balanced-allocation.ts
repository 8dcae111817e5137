import { definePlugin, MAX_NODE_SCORE } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";

/**
 * Prefers nodes on which the pod brings CPU and memory closer to the same share of use.
 *
 * @source pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go v1.36
 */
export const nodeResourcesBalancedAllocation = definePlugin({
  name: "NodeResourcesBalancedAllocation",
  cacheable: true,
  preScore: (pod) => (pod.requests.cpuMillis || pod.requests.memory ? undefined : "skip"),
  score(pod, node) {
    const after = balance(node, node.requested.cpuMillis + pod.requests.cpuMillis, node.requested.memory + pod.requests.memory);
    const before = balance(node, node.requested.cpuMillis, node.requested.memory);
    return Math.trunc(MAX_NODE_SCORE / 2 + (MAX_NODE_SCORE / 2 + after - before) / 2);
  },
});

/** 100 when both are used alike, 50 when one is full and the other empty: half their difference is the deviation of two values. */
function balance({ allocatable }: NodeInfo, cpuMillis: number, memory: number): number {
  const cpuShare = allocatable.cpuMillis ? Math.min(1, cpuMillis / allocatable.cpuMillis) : 0;
  const memoryShare = allocatable.memory ? Math.min(1, memory / allocatable.memory) : 0;
  return Math.trunc((1 - Math.abs(cpuShare - memoryShare) / 2) * MAX_NODE_SCORE);
}
