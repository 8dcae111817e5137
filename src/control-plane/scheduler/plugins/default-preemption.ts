import { Pod, PodDisruptionBudget } from "../../../shared/api/index.ts";
import { isConflict, isNotFound, selectorFromObject } from "../../../shared/apimachinery/index.ts";
import { formatTime, parseTime } from "../../../shared/lib/platform.ts";
import { definePlugin, type Cycle, type Evaluate, type Handle, type PostFilterResult } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodInfo } from "../pod-info.ts";

interface Candidate {
  node: NodeInfo;
  /** Highest priority first. */
  victims: PodInfo[];
  violations: number;
}

/** Nodes that are looked at closely; more would cost more than a better choice is worth. */
const CANDIDATES = 100;

/**
 * Makes room for a pod of higher priority: finds the node where the fewest and least important pods have to go, marks and
 * deletes them, and holds their room for the pod by nominating the node.
 *
 * @source pkg/scheduler/framework/preemption/preemption.go v1.36
 */
export const defaultPreemption = definePlugin({
  name: "DefaultPreemption",
  requeueOn: [{ kind: Pod, when: ["Delete"] }],
  async postFilter(pod, rejections, cycle, evaluate): Promise<PostFilterResult> {
    const refusal = notEligible(pod, cycle);
    const place = cycle.handle.nominationOf(pod);
    if (refusal) return { message: `preemption: ${refusal}`, ...(place && { nominated: place }) };
    const tried = new Map<string, string>();
    const candidates: Candidate[] = [];
    for (const node of cycle.nodes) {
      const helpful = rejections.get(node.name)?.preemptable && candidates.length < CANDIDATES;
      const candidate = helpful ? tryNode(pod, node, cycle, evaluate) : undefined;
      if (candidate) candidates.push(candidate);
      else
        tried.set(
          node.name,
          helpful ? "No preemption victims found for incoming pod" : "Preemption is not helpful for scheduling",
        );
    }
    const best = candidates.toSorted(better)[0];
    if (!best) return { message: `preemption: ${histogram(tried, cycle.nodes.length)}` };
    cycle.handle.nominate(pod, best.node.name); // before the first goes, or others take its room
    for (const victim of best.victims) await evict(victim, pod, best.node.name, cycle.handle);
    return { nominated: best.node.name, message: "" };
  },
});

function notEligible(info: PodInfo, { nodes, handle }: Cycle): string | undefined {
  const { pod, priority } = info;
  const place = handle.nominationOf(info);
  if (pod.spec.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  const nominated = nodes.find((node) => node.name === place);
  const waiting = [...(nominated?.pods.values() ?? [])].some(
    (other) => other.priority < priority && other.pod.metadata.deletionTimestamp,
  );
  return waiting ? "not eligible due to a terminating pod on the nominated node." : undefined;
}

/** Removes every pod of lower priority, then gives back as many as possible, those that a disruption budget protects first. */
function tryNode(pod: PodInfo, node: NodeInfo, { handle }: Cycle, evaluate: Evaluate): Candidate | undefined {
  const trial = node.clone();
  const lower = [...node.pods.values()].filter((other) => other.priority < pod.priority);
  if (!lower.length) return undefined;
  for (const other of lower) trial.removePod(other);
  if (evaluate(pod, trial)) return undefined;
  const isProtected = budgets(lower, handle);
  const order = lower.toSorted((a, b) => Number(isProtected.has(b.uid)) - Number(isProtected.has(a.uid)) || moreImportant(a, b));
  const victims: PodInfo[] = [];
  for (const other of order) {
    trial.addPod(other);
    if (!evaluate(pod, trial)) continue;
    trial.removePod(other);
    victims.push(other);
  }
  return {
    node,
    victims: victims.toSorted(moreImportant),
    violations: victims.filter((victim) => isProtected.has(victim.uid)).length,
  };
}

/** Higher priority first, then the older. */
function moreImportant(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startOf(a) - startOf(b);
}

const startOf = ({ pod }: PodInfo) => parseTime(pod.status.startTime ?? pod.metadata.creationTimestamp);

/** The pods whose deletion a disruption budget would not allow, counting down what each budget has left. */
function budgets(pods: readonly PodInfo[], handle: Handle): Set<string> {
  const left = new Map(
    handle
      .cache(PodDisruptionBudget)
      .list()
      .map((budget) => [budget, budget.status.disruptionsAllowed ?? 0]),
  );
  const broken = new Set<string>();
  for (const { pod, uid } of pods.toSorted(moreImportant)) {
    for (const [budget, allowed] of left) {
      const covers =
        budget.metadata.namespace === pod.metadata.namespace &&
        selectorFromObject(budget.spec.selector).matches(pod.metadata.labels);
      if (!covers || budget.status.disruptedPods?.[pod.metadata.name]) continue;
      left.set(budget, allowed - 1);
      if (allowed <= 0) broken.add(uid);
    }
  }
  return broken;
}

/** Fewest broken budgets, lowest top priority, lowest sum, fewest pods, and then the pods that started last. */
function better(a: Candidate, b: Candidate): number {
  const top = (candidate: Candidate) => candidate.victims[0]?.priority ?? Number.NEGATIVE_INFINITY;
  const sum = (candidate: Candidate) => candidate.victims.reduce((total, victim) => total + victim.priority + 2 ** 31, 0);
  const earliest = (candidate: Candidate) =>
    Math.min(...candidate.victims.filter((v) => v.priority === top(candidate)).map(startOf));
  return (
    a.violations - b.violations ||
    top(a) - top(b) ||
    sum(a) - sum(b) ||
    a.victims.length - b.victims.length ||
    earliest(b) - earliest(a)
  );
}

async function evict({ pod }: PodInfo, preemptor: PodInfo, node: string, handle: Handle): Promise<void> {
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "PreemptionByScheduler",
    message: `${preemptor.pod.spec.schedulerName}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: formatTime(handle.now()),
    observedGeneration: pod.metadata.generation,
  };
  const { uid } = pod.metadata;
  try {
    await handle.client.patch(
      Pod,
      pod.metadata,
      "strategic",
      { metadata: { uid }, status: { conditions: [condition] } },
      { subresource: "status" },
    );
    await handle.client.delete(Pod, pod.metadata, { preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error; // gone already: that is room too
  }
  handle.record(pod, "Normal", "Preempted", `Preempted by pod ${preemptor.uid} on node ${node}`);
}

function histogram(tried: ReadonlyMap<string, string>, nodes: number): string {
  const counts = new Map<string, number>();
  for (const reason of tried.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${parts.join(", ")}.`;
}
