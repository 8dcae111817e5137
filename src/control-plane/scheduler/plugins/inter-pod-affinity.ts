import { Namespace, Node, Pod } from "../../../shared/api/index.ts";
import type { PodAffinityTerm } from "../../../shared/api/generated/core-v1.ts";
import { definePlugin, fits, MAX_NODE_SCORE, unschedulable, type Cycle, type Handle } from "../framework.ts";
import type { NodeInfo, PodGroup } from "../node-info.ts";
import { compileTerm, type Term } from "../affinity-term.ts";
import type { PodInfo } from "../pod-info.ts";

const NAME = "InterPodAffinity";

/** Counts of matching pods by topology: `key=value` → how many. */
type Counts = Map<string, number>;

interface FilterNotes {
  /** Terms of the pod, each with the pods that match it. */
  affinity: { term: Term; counts: Counts }[];
  antiAffinity: { term: Term; counts: Counts }[];
  /** Topologies in which somebody's anti-affinity forbids this pod. */
  forbidden: Counts;
  /** The pod matches its own affinity: it may be the first of its group. */
  matchesItself: boolean;
}

/**
 * Pods near or away from other pods, by topology: required terms filter (the pod's own, and the anti-affinity of pods that run
 * already), preferred terms of both sides score.
 *
 * @source pkg/scheduler/framework/plugins/interpodaffinity v1.36
 */
export const interPodAffinity = definePlugin({
  name: NAME,
  requeueOn: [
    { kind: Pod, when: ["Add", "Update", "Delete"] },
    { kind: Node, when: ["Add", "Update"] },
    { kind: Namespace, when: ["Update"] },
  ],
  preFilter(pod, cycle) {
    const spec = pod.pod.spec.affinity;
    const affinity = compile(pod, spec?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution, cycle.handle);
    const antiAffinity = compile(pod, spec?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution, cycle.handle);
    const forbidden = forbiddenTopologies(pod, cycle);
    if (!affinity.length && !antiAffinity.length && !forbidden.size) return "skip";
    const count = (term: Term) => ({
      term,
      counts: countMatching(cycle.nodes, term.topologyKey, (group) => term.matches(group)),
    });
    const own = ownGroup(pod);
    cycle.state.set(NAME, {
      affinity: affinityCounts(affinity, cycle.nodes),
      antiAffinity: antiAffinity.map(count),
      forbidden,
      matchesItself: affinity.every((term) => term.matches(own)),
    } satisfies FilterNotes);
    return undefined;
  },
  filter(_pod, node, cycle) {
    const notes = cycle.state.get(NAME) as FilterNotes;
    if (!satisfiesAffinity(notes, node)) return unschedulable("node(s) didn't match pod affinity rules", { preemptable: false });
    if (notes.antiAffinity.some(({ term, counts }) => countAt(node, term.topologyKey, counts) > 0)) {
      return unschedulable("node(s) didn't match pod anti-affinity rules", { preemptable: true });
    }
    const labels = node.node.metadata.labels ?? {};
    if (Object.entries(labels).some(([key, value]) => notes.forbidden.has(`${key}=${value}`))) {
      return unschedulable("node(s) didn't satisfy existing pods anti-affinity rules", { preemptable: true });
    }
    return fits;
  },
  preScore(pod, cycle) {
    const scores = preferences(pod, cycle);
    if (!scores.size) return "skip";
    cycle.state.set(`${NAME}/score`, scores);
    return undefined;
  },
  score(_pod, node, cycle) {
    const scores = cycle.state.get(`${NAME}/score`) as Counts;
    return Object.entries(node.node.metadata.labels ?? {}).reduce(
      (sum, [key, value]) => sum + (scores.get(`${key}=${value}`) ?? 0),
      0,
    );
  },
  normalizeScore(_pod, scores) {
    const lowest = Math.min(...scores);
    const span = Math.max(...scores) - lowest;
    for (let i = 0; i < scores.length; i++)
      scores[i] = span > 0 ? Math.trunc((MAX_NODE_SCORE * (scores[i]! - lowest)) / span) : 0;
  },
});

function compile(pod: PodInfo, terms: readonly PodAffinityTerm[] | undefined, handle: Handle): Term[] {
  return (terms ?? []).map((term) => compileTerm(term, pod.pod, handle));
}

function ownGroup({ pod }: PodInfo): Omit<PodGroup, "count"> {
  return { namespace: pod.metadata.namespace ?? "", labels: pod.metadata.labels ?? {}, terminating: false };
}

function countMatching(nodes: readonly NodeInfo[], topologyKey: string, matches: (group: PodGroup) => boolean): Counts {
  const counts: Counts = new Map();
  for (const node of nodes) {
    const value = node.node.metadata.labels?.[topologyKey];
    if (value === undefined) continue;
    for (const group of node.groups.values()) if (matches(group)) add(counts, `${topologyKey}=${value}`, group.count);
  }
  return counts;
}

/** A pod counts for affinity only where it matches every term. */
function affinityCounts(terms: Term[], nodes: readonly NodeInfo[]): FilterNotes["affinity"] {
  const all = (group: PodGroup) => terms.every((term) => term.matches(group));
  return terms.map((term) => ({ term, counts: countMatching(nodes, term.topologyKey, all) }));
}

function satisfiesAffinity({ affinity, matchesItself }: FilterNotes, node: NodeInfo): boolean {
  const labels = node.node.metadata.labels ?? {};
  if (affinity.some(({ term }) => labels[term.topologyKey] === undefined)) return false;
  if (affinity.every(({ term, counts }) => countAt(node, term.topologyKey, counts) > 0)) return true;
  return matchesItself && affinity.every(({ counts }) => counts.size === 0);
}

function countAt(node: NodeInfo, topologyKey: string, counts: Counts): number {
  const value = node.node.metadata.labels?.[topologyKey];
  return value === undefined ? 0 : (counts.get(`${topologyKey}=${value}`) ?? 0);
}

/** Where anti-affinity of pods that run already keeps this one away. */
function forbiddenTopologies(pod: PodInfo, { nodes, handle }: Cycle): Counts {
  const forbidden: Counts = new Map();
  const own = ownGroup(pod);
  for (const node of nodes) {
    for (const other of node.podsWithAffinity.values()) {
      for (const term of compile(
        other,
        other.pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution,
        handle,
      )) {
        const value = node.node.metadata.labels?.[term.topologyKey];
        if (value !== undefined && term.matches(own)) add(forbidden, `${term.topologyKey}=${value}`, 1);
      }
    }
  }
  return forbidden;
}

/** What each topology is worth: the pod's preferences, and those of pods that run already. */
function preferences(pod: PodInfo, { nodes, handle }: Cycle): Counts {
  const scores: Counts = new Map();
  const { podAffinity, podAntiAffinity } = pod.pod.spec.affinity ?? {};
  const weigh = (preferred: { weight: number; podAffinityTerm: PodAffinityTerm }[] | undefined, sign: 1 | -1) => {
    for (const { weight, podAffinityTerm } of preferred ?? []) {
      const term = compileTerm(podAffinityTerm, pod.pod, handle);
      for (const [topology, count] of countMatching(nodes, term.topologyKey, (group) => term.matches(group)))
        add(scores, topology, sign * weight * count);
    }
  };
  weigh(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 1);
  weigh(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, -1);
  for (const node of nodes)
    for (const other of node.podsWithAffinity.values()) addPreferencesOf(other, pod, node, scores, handle);
  return scores;
}

/** A running pod that must be near such pods draws this one a little. */
const HARD_AFFINITY_WEIGHT = 1;

function addPreferencesOf(other: PodInfo, pod: PodInfo, node: NodeInfo, scores: Counts, handle: Handle): void {
  const { podAffinity, podAntiAffinity } = other.pod.spec.affinity ?? {};
  const own = ownGroup(pod);
  const weigh = (source: PodAffinityTerm, weight: number) => {
    const term = compileTerm(source, other.pod, handle);
    const value = node.node.metadata.labels?.[term.topologyKey];
    if (value !== undefined && term.matches(own)) add(scores, `${term.topologyKey}=${value}`, weight);
  };
  for (const term of podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) weigh(term, HARD_AFFINITY_WEIGHT);
  for (const { weight, podAffinityTerm } of podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    weigh(podAffinityTerm, weight);
  for (const { weight, podAffinityTerm } of podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    weigh(podAffinityTerm, -weight);
}

function add(counts: Counts, key: string, n: number): void {
  counts.set(key, (counts.get(key) ?? 0) + n);
}
