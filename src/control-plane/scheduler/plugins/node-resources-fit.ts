import { Node, Pod } from "../../../shared/api/index.ts";
import { definePlugin, fits, MAX_NODE_SCORE, unschedulable } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodInfo } from "../pod-info.ts";

/** The sum of requests must fit what the node can give; the emptier the node, the better (least allocated). */
export const nodeResourcesFit = definePlugin({
  name: "NodeResourcesFit",
  cacheable: true,
  requeueOn: [
    { kind: Pod, when: ["Delete", "Update"] },
    { kind: Node, when: ["Add", "Update"] },
  ],
  filter(pod, node) {
    const short = shortOf(pod, node);
    if (!short.length) return fits;
    return unschedulable(
      short.map((s) => s.reason),
      { preemptable: short.every((s) => s.preemptable) },
    );
  },
  score(pod, node) {
    const { cpuMillis, memory } = node.allocatable;
    const parts = [
      leastRequested(node.scoringRequested.cpuMillis + pod.scoringRequests.cpuMillis, cpuMillis),
      leastRequested(node.scoringRequested.memory + pod.scoringRequests.memory, memory),
    ].filter((part) => part !== undefined);
    return parts.length ? Math.trunc(parts.reduce((a, b) => a + b, 0) / parts.length) : 0;
  },
});

interface Shortage {
  reason: string;
  /** The node has enough of it in all: other pods' leaving could help. */
  preemptable: boolean;
}

function shortOf(pod: PodInfo, node: NodeInfo): Shortage[] {
  const short: Shortage[] = [];
  const check = (name: string, wanted: number, held: number, capacity: number) => {
    if (wanted > 0 && wanted > capacity - held) short.push({ reason: `Insufficient ${name}`, preemptable: wanted <= capacity });
  };
  if (node.pods.size + 1 > node.allowedPods) short.push({ reason: "Too many pods", preemptable: true });
  const { requests } = pod;
  check("cpu", requests.cpuMillis, node.requested.cpuMillis, node.allocatable.cpuMillis);
  check("memory", requests.memory, node.requested.memory, node.allocatable.memory);
  check("ephemeral-storage", requests.ephemeralStorage, node.requested.ephemeralStorage, node.allocatable.ephemeralStorage);
  for (const [name, wanted] of requests.scalar)
    check(name, wanted, node.requested.scalar.get(name) ?? 0, node.allocatable.scalar.get(name) ?? 0);
  return short;
}

function leastRequested(requested: number, capacity: number): number | undefined {
  if (capacity === 0) return undefined;
  return requested > capacity ? 0 : Math.trunc(((capacity - requested) * MAX_NODE_SCORE) / capacity);
}
