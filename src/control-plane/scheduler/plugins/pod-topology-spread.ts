import { Node, Pod, ReplicaSet, ReplicationController, Service, StatefulSet } from "../../../shared/api/index.ts";
import { matchesNode, untoleratedTaint } from "../../../shared/api/core/placement.ts";
import type { TopologySpreadConstraint } from "../../../shared/api/generated/core-v1.ts";
import { selectorFromObject, selectorFromSet } from "../../../shared/apimachinery/index.ts";
import { keyOf } from "../../../shared/apimachinery/meta.ts";
import { definePlugin, fits, MAX_NODE_SCORE, unschedulable, type Cycle } from "../framework.ts";
import type { NodeInfo, PodGroup } from "../node-info.ts";
import type { PodInfo } from "../pod-info.ts";

const NAME = "PodTopologySpread";

interface Constraint {
  topologyKey: string;
  maxSkew: number;
  minDomains: number;
  /** The pod itself counts where it would land. */
  self: number;
  matches(group: PodGroup): boolean;
  counts(node: NodeInfo): boolean;
}

interface Spread extends Constraint {
  /** Matching pods by value of the topology key, over the nodes that count. */
  domains: Map<string, number>;
}

/** What spreads pods that ask for nothing: softly over hosts and zones. */
const DEFAULTS = [
  { topologyKey: "kubernetes.io/hostname", maxSkew: 3 },
  { topologyKey: "topology.kubernetes.io/zone", maxSkew: 5 },
];

/**
 * Even spread of matching pods over topology domains: constraints that say DoNotSchedule filter, others score. Pods that are
 * being deleted do not count.
 *
 * @source pkg/scheduler/framework/plugins/podtopologyspread v1.36
 */
export const podTopologySpread = definePlugin({
  name: NAME,
  requeueOn: [
    { kind: Pod, when: ["Add", "Update", "Delete"] },
    { kind: Node, when: ["Add", "Update", "Delete"] },
  ],
  preFilter(pod, cycle) {
    const hard = (pod.pod.spec.topologySpreadConstraints ?? []).filter((c) => c.whenUnsatisfiable === "DoNotSchedule");
    if (!hard.length) return "skip";
    const constraints = hard.map((source) => compile(source, pod));
    const eligible = cycle.nodes.filter((node) => constraints.every((c) => labelOf(node, c) !== undefined));
    cycle.state.set(
      NAME,
      constraints.map((constraint) => measure(constraint, eligible)),
    );
    return undefined;
  },
  filter(_pod, node, cycle) {
    for (const spread of cycle.state.get(NAME) as Spread[]) {
      const value = labelOf(node, spread);
      if (value === undefined) {
        return unschedulable("node(s) didn't match pod topology spread constraints (missing required label)", {
          preemptable: false,
        });
      }
      const least = spread.domains.size < spread.minDomains ? 0 : Math.min(...spread.domains.values());
      const skew = (spread.domains.get(value) ?? 0) + spread.self - least;
      if (skew > spread.maxSkew)
        return unschedulable("node(s) didn't match pod topology spread constraints", { preemptable: true });
    }
    return fits;
  },
  preScore(pod, cycle, feasible) {
    const constraints = softConstraints(pod, cycle);
    if (!constraints.length) return "skip";
    const scored = feasible.filter((node) => constraints.every((c) => labelOf(node, c) !== undefined));
    cycle.state.set(
      `${NAME}/score`,
      constraints.map((constraint) => measure(constraint, scored)),
    );
    return undefined;
  },
  score(_pod, node, cycle) {
    let score = 0;
    for (const spread of cycle.state.get(`${NAME}/score`) as Spread[]) {
      const value = labelOf(node, spread);
      if (value === undefined) return Number.NaN; // told apart in normalizeScore
      score += (spread.domains.get(value) ?? 0) * Math.log(spread.domains.size + 2) + (spread.maxSkew - 1);
    }
    return Math.round(score);
  },
  normalizeScore(_pod, scores) {
    const known = scores.filter((score) => !Number.isNaN(score));
    const [lowest, highest] = [Math.min(...known), Math.max(...known)];
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i]!;
      if (Number.isNaN(score)) scores[i] = 0;
      else scores[i] = highest === 0 ? MAX_NODE_SCORE : Math.trunc((MAX_NODE_SCORE * (highest + lowest - score)) / highest);
    }
  },
});

const labelOf = (node: NodeInfo, { topologyKey }: Pick<Constraint, "topologyKey">) => node.node.metadata.labels?.[topologyKey];

function compile(source: TopologySpreadConstraint, pod: PodInfo): Constraint {
  const { namespace, labels = {} } = pod.pod.metadata;
  const selector = selectorFromObject(source.labelSelector);
  const keys = (source.matchLabelKeys ?? []).filter((key) => labels[key] !== undefined);
  const same = selectorFromSet(Object.fromEntries(keys.map((key) => [key, labels[key]!])));
  const matches = (other: Readonly<Record<string, string>>) => selector.matches(other) && same.matches(other);
  return {
    topologyKey: source.topologyKey,
    maxSkew: source.maxSkew,
    minDomains: source.minDomains ?? 1,
    self: matches(labels) ? 1 : 0,
    matches: (group) => !group.terminating && group.namespace === namespace && matches(group.labels),
    counts: ({ node }) =>
      (source.nodeAffinityPolicy === "Ignore" || matchesNode(pod.pod.spec, node)) &&
      (source.nodeTaintsPolicy !== "Honor" || !untoleratedTaint(pod.pod.spec.tolerations, node.spec.taints)),
  };
}

function measure(constraint: Constraint, nodes: readonly NodeInfo[]): Spread {
  const domains = new Map<string, number>();
  for (const node of nodes) {
    if (!constraint.counts(node)) continue;
    const value = labelOf(node, constraint)!;
    let count = domains.get(value) ?? 0;
    for (const group of node.groups.values()) if (constraint.matches(group)) count += group.count;
    domains.set(value, count);
  }
  return { ...constraint, domains };
}

function softConstraints(pod: PodInfo, cycle: Cycle): Constraint[] {
  const own = pod.pod.spec.topologySpreadConstraints ?? [];
  if (own.length) return own.filter((c) => c.whenUnsatisfiable === "ScheduleAnyway").map((source) => compile(source, pod));
  const labelSelector = { matchLabels: siblings(pod, cycle) };
  if (!Object.keys(labelSelector.matchLabels).length) return [];
  const constraint = { whenUnsatisfiable: "ScheduleAnyway" as const, labelSelector };
  return DEFAULTS.filter((c) => cycle.nodes.some((node) => labelOf(node, c) !== undefined)).map((c) =>
    compile({ ...c, ...constraint }, pod),
  );
}

/** Labels by which the pod's siblings are known: what its Services and its controller select by. */
function siblings({ pod }: PodInfo, { handle }: Cycle): Record<string, string> {
  const { namespace = "", labels = {} } = pod.metadata;
  const merged: Record<string, string> = {};
  for (const { spec } of handle.cache(Service).list(namespace)) {
    if (spec.selector && Object.keys(spec.selector).length && selectorFromSet(spec.selector).matches(labels))
      Object.assign(merged, spec.selector);
  }
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
  const key = owner && keyOf({ namespace, name: owner.name });
  if (owner?.kind === "ReplicaSet") Object.assign(merged, handle.cache(ReplicaSet).get(key!)?.spec.selector.matchLabels);
  if (owner?.kind === "StatefulSet") Object.assign(merged, handle.cache(StatefulSet).get(key!)?.spec.selector.matchLabels);
  if (owner?.kind === "ReplicationController")
    Object.assign(merged, handle.cache(ReplicationController).get(key!)?.spec.selector);
  return merged;
}
