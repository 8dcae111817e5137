/**
 * One scheduling decision: filters and scores over all nodes, with the answers of cacheable plugins remembered per class of
 * pods and recomputed only for nodes that changed since. Pods of one Deployment cost microseconds at thousands of nodes.
 */
import type { Cycle, FilterResult, Handle, Plugin, Rejection } from "./framework.ts";
import { fits } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";
import type { ProfileEntry } from "./order.ts";
import type { PodInfo } from "./pod-info.ts";

/** What the cacheable plugins said of one node for a class of pods. */
interface Verdict {
  generation: number;
  rejection: Rejection | undefined;
  /** Index of the plugin that rejected. */
  by: number;
  /** Raw scores of the cacheable scorers, in profile order. */
  scores: readonly number[];
}

export interface Decision {
  /** The node to use, or undefined where none fits. */
  node: NodeInfo | undefined;
  rejections: Map<string, Rejection>;
  rejectedBy: Set<string>;
  /** Set when a preFilter refused the pod on every node at once. */
  everywhere?: string;
  cycle: Cycle;
}

/** Classes whose verdicts are kept; the least lately used goes first. */
const REMEMBERED_CLASSES = 64;

export class Decider {
  private readonly profile: readonly ProfileEntry[];
  private readonly classes = new Map<string, Map<string, Verdict>>();
  private readonly handle: Handle;

  constructor(profile: readonly ProfileEntry[], handle: Handle) {
    this.profile = profile;
    this.handle = handle;
  }

  decide(pod: PodInfo, nodes: readonly NodeInfo[]): Decision {
    const cycle: Cycle = { nodes, state: new Map(), handle: this.handle };
    const rejections = new Map<string, Rejection>();
    const rejectedBy = new Set<string>();
    const filters = this.preFilter(pod, cycle);
    if (!Array.isArray(filters)) {
      for (const node of nodes) rejections.set(node.name, filters.rejection);
      return {
        node: undefined,
        rejections,
        rejectedBy: new Set([filters.by]),
        everywhere: filters.rejection.reasons.join(", "),
        cycle,
      };
    }
    const verdicts = this.verdictsOf(pod.classKey);
    const cached = filters.filter((plugin) => plugin.cacheable);
    const fresh = filters.filter((plugin) => !plugin.cacheable);
    const feasible: NodeInfo[] = [];
    for (const node of nodes) {
      const { rejection, by } = this.check(pod, node, cycle, verdicts, cached, fresh);
      if (!rejection) feasible.push(node);
      else {
        rejections.set(node.name, rejection);
        rejectedBy.add(by);
      }
    }
    return { node: this.choose(pod, feasible, cycle, verdicts), rejections, rejectedBy, cycle };
  }

  /** As if `node` stood in the place of the one with its name; nothing is remembered. */
  evaluate(pod: PodInfo, node: NodeInfo, nodes: readonly NodeInfo[]): FilterResult {
    const cycle: Cycle = {
      nodes: nodes.map((other) => (other.name === node.name ? node : other)),
      state: new Map(),
      handle: this.handle,
    };
    const filters = this.preFilter(pod, cycle);
    if (!Array.isArray(filters)) return filters.rejection;
    for (const plugin of filters) {
      const rejection = plugin.filter!(pod, node, cycle);
      if (rejection) return rejection;
    }
    return fits;
  }

  private preFilter(pod: PodInfo, cycle: Cycle): Plugin[] | { rejection: Rejection; by: string } {
    const filters: Plugin[] = [];
    for (const { plugin } of this.profile) {
      const result = plugin.preFilter?.(pod, cycle);
      if (result === "skip") cycle.state.set(`${plugin.name}/skip`, true);
      else if (result) return { rejection: result, by: plugin.name };
      else if (plugin.filter) filters.push(plugin);
    }
    return filters;
  }

  private check(
    pod: PodInfo,
    node: NodeInfo,
    cycle: Cycle,
    verdicts: Map<string, Verdict>,
    cached: Plugin[],
    fresh: Plugin[],
  ): { rejection?: Rejection; by: string } {
    const nominated = this.handle.nominated(node.name).filter((other) => other.uid !== pod.uid && other.priority >= pod.priority);
    if (nominated.length) return this.checkWithNominated(pod, node, cycle, nominated);
    let verdict = verdicts.get(node.name);
    if (verdict?.generation !== node.generation) verdicts.set(node.name, (verdict = this.judge(pod, node, cycle, cached)));
    if (verdict.rejection) return { rejection: verdict.rejection, by: cached[verdict.by]!.name };
    for (const plugin of fresh) {
      const rejection = plugin.filter!(pod, node, cycle);
      if (rejection) return { rejection, by: plugin.name };
    }
    return { by: "" };
  }

  /** A node on which room is held for others must have room for them too. */
  private checkWithNominated(
    pod: PodInfo,
    node: NodeInfo,
    cycle: Cycle,
    nominated: readonly PodInfo[],
  ): { rejection?: Rejection; by: string } {
    const crowded = node.clone();
    for (const other of nominated) crowded.addPod(other);
    for (const candidate of [crowded, node]) {
      for (const { plugin } of this.profile) {
        if (!plugin.filter || cycle.state.get(`${plugin.name}/skip`)) continue;
        const rejection = plugin.filter(pod, candidate, cycle);
        if (rejection) return { rejection, by: plugin.name };
      }
    }
    return { by: "" };
  }

  private judge(pod: PodInfo, node: NodeInfo, cycle: Cycle, filters: Plugin[]): Verdict {
    for (let by = 0; by < filters.length; by++) {
      const rejection = filters[by]!.filter!(pod, node, cycle);
      if (rejection) return { generation: node.generation, rejection, by, scores: [] };
    }
    const scores = this.scorers(cacheable).map(({ plugin }) => plugin.score!(pod, node, cycle));
    return { generation: node.generation, rejection: undefined, by: -1, scores };
  }

  private scorers(wanted: (plugin: Plugin) => boolean): ProfileEntry[] {
    return this.profile.filter(({ plugin }) => plugin.score && wanted(plugin));
  }

  /** The best node; one of the best by chance where several are equal. */
  private choose(
    pod: PodInfo,
    feasible: readonly NodeInfo[],
    cycle: Cycle,
    verdicts: Map<string, Verdict>,
  ): NodeInfo | undefined {
    if (feasible.length <= 1) return feasible[0];
    const totals = new Float64Array(feasible.length);
    const cachedScorers = this.scorers(cacheable);
    for (const { plugin, weight = 1 } of this.scorers(() => true)) {
      if (plugin.preScore?.(pod, cycle, feasible) === "skip") continue;
      const at = cachedScorers.findIndex((entry) => entry.plugin === plugin);
      const scores = new Float64Array(feasible.length);
      for (let i = 0; i < feasible.length; i++) {
        const node = feasible[i]!;
        const known = at >= 0 ? verdicts.get(node.name) : undefined;
        scores[i] =
          known && known.generation === node.generation && !known.rejection ? known.scores[at]! : plugin.score!(pod, node, cycle);
      }
      plugin.normalizeScore?.(pod, scores, cycle);
      for (let i = 0; i < totals.length; i++) totals[i]! += scores[i]! * weight;
    }
    return feasible[this.highest(totals)];
  }

  private highest(totals: Float64Array): number {
    let best = 0;
    let ties = 1;
    for (let i = 1; i < totals.length; i++) {
      if (totals[i]! > totals[best]!) {
        best = i;
        ties = 1;
      } else if (totals[i] === totals[best] && this.handle.random.next() * ++ties < 1) best = i;
    }
    return best;
  }

  private verdictsOf(classKey: string): Map<string, Verdict> {
    const known = this.classes.get(classKey);
    if (known) {
      this.classes.delete(classKey); // to the end: lately used
      this.classes.set(classKey, known);
      return known;
    }
    const verdicts = new Map<string, Verdict>();
    this.classes.set(classKey, verdicts);
    if (this.classes.size > REMEMBERED_CLASSES) this.classes.delete(this.classes.keys().next().value!);
    return verdicts;
  }
}

const cacheable = (plugin: Plugin) => plugin.cacheable ?? false;

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.`, as users know it. */
export function explain(decision: Decision): string {
  const head = `0/${decision.cycle.nodes.length} nodes are available:`;
  if (decision.everywhere) return `${head} ${decision.everywhere}.`;
  const counts = new Map<string, number>();
  for (const { reasons } of decision.rejections.values())
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return parts.length
    ? `${head} ${parts.join(", ")}.`
    : decision.cycle.nodes.length
      ? head
      : "no nodes available to schedule pods";
}
