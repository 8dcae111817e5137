/**
 * The scheduling framework: upstream's extension points and plugin names; a plugin is one file in plugins/, the profile's
 * order and weights are the table in order.ts.
 *
 * A cycle for one pod: preFilter (once) → filter (per node) → postFilter (when no node fits) → preScore → score (per node) →
 * normalizeScore → reserve → permit → preBind → bind → postBind. What a plugin decides in preFilter or preScore it keeps in
 * the cycle's state under its own name. A plugin whose preFilter or preScore answers `skip` costs nothing per node.
 *
 * @source staging/src/k8s.io/kube-scheduler/framework/interface.go v1.36
 */
import type { Kind, Pod } from "../../shared/api/index.ts";
import type { Random } from "../../shared/lib/platform.ts";
import type { Cache, Client } from "../../shared/client/types.ts";
import type { KubeObject } from "../../shared/apimachinery/meta.ts";
import type { NodeInfo } from "./node-info.ts";
import type { PodInfo } from "./pod-info.ts";

/** Why a pod does not fit a node. `preemptable`: removing pods from the node may help. */
export interface Rejection {
  reasons: readonly string[];
  preemptable: boolean;
}

export const fits = undefined;
export type FilterResult = Rejection | typeof fits;

export function unschedulable(reason: string | readonly string[], { preemptable }: { preemptable: boolean }): Rejection {
  return { reasons: typeof reason === "string" ? [reason] : reason, preemptable };
}

export const MAX_NODE_SCORE = 100;

/** What one scheduling cycle knows. Plugins read it; their own notes go to `state`. */
export interface Cycle {
  readonly nodes: readonly NodeInfo[];
  /** Notes of each plugin, by plugin name. */
  readonly state: Map<string, unknown>;
  readonly handle: Handle;
}

/** What plugins may use of the scheduler. */
export interface Handle {
  readonly client: Client;
  readonly random: Random;
  /** Milliseconds since the epoch. */
  now(): number;
  record(pod: Pod, type: "Normal" | "Warning", reason: string, message: string): void;
  /** A live cache of one of the kinds that the scheduler watches (`WATCHED` in scheduler.ts). */
  cache<T extends KubeObject>(kind: Kind<T>): Cache<T>;
  /** The node on which room is held for this pod: what the scheduler knows, which may be ahead of the pod's status. */
  nominationOf(pod: PodInfo): string | undefined;
  /** Holds room for a pod on a node from now on. */
  nominate(pod: PodInfo, node: string): void;
  /** Pods with a nominated node, by node name: room held for a preemptor. */
  nominated(node: string): readonly PodInfo[];
}

export type ClusterEventType = "Add" | "Update" | "Delete";

/** When a pod that this plugin rejected is worth trying again. `helps` looks at the one object; absent: always. */
export interface RequeueRule {
  kind: Kind<any>;
  when: readonly ClusterEventType[];
  helps?(pod: PodInfo, object: any, old: any): boolean;
}

export type PreFilterResult = "skip" | Rejection | undefined;

export interface Plugin {
  name: string;
  requeueOn?: readonly RequeueRule[];
  /** Text why the pod must not enter the queue; undefined lets it in. */
  preEnqueue?(pod: PodInfo): string | undefined;
  queueSort?(a: PodInfo, b: PodInfo): number;
  preFilter?(pod: PodInfo, cycle: Cycle): PreFilterResult;
  filter?(pod: PodInfo, node: NodeInfo, cycle: Cycle): FilterResult;
  postFilter?(
    pod: PodInfo,
    rejections: ReadonlyMap<string, Rejection>,
    cycle: Cycle,
    evaluate: Evaluate,
  ): Promise<PostFilterResult>;
  preScore?(pod: PodInfo, cycle: Cycle, feasible: readonly NodeInfo[]): "skip" | undefined;
  /** 0 to 100 unless `normalizeScore` brings it there. */
  score?(pod: PodInfo, node: NodeInfo, cycle: Cycle): number;
  normalizeScore?(pod: PodInfo, scores: Float64Array, cycle: Cycle): void;
  /** The filter and score depend on the pod's class and this one node alone, so that they may be remembered per class. */
  cacheable?: boolean;
  reserve?(pod: PodInfo, node: string, cycle: Cycle): void;
  unreserve?(pod: PodInfo, node: string, cycle: Cycle): void;
  preBind?(pod: PodInfo, node: string, cycle: Cycle): Promise<void>;
  bind?(pod: PodInfo, node: string, handle: Handle): Promise<void>;
  postBind?(pod: PodInfo, node: string): void;
}

/** Runs preFilters and filters for a pod as if `node` (an altered copy) stood in the place of the node with its name; used by preemption. */
export type Evaluate = (pod: PodInfo, node: NodeInfo) => FilterResult;

export interface PostFilterResult {
  /** Node on which room is being made. */
  nominated?: string;
  /** Added to the FailedScheduling message. */
  message: string;
}

export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}

/** Scales raw scores so that the highest becomes 100; `reverse` turns them round (fewer is better). */
export function normalize(scores: Float64Array, { reverse = false }: { reverse?: boolean } = {}): void {
  let highest = 0;
  for (const score of scores) if (score > highest) highest = score;
  for (let i = 0; i < scores.length; i++) {
    const scaled = highest === 0 ? 0 : Math.trunc((MAX_NODE_SCORE * scores[i]!) / highest);
    scores[i] = reverse ? MAX_NODE_SCORE - scaled : scaled;
  }
}
