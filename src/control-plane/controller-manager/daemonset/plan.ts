/**
 * Which nodes get a daemon, which daemons go, and how an update replaces them. Pure.
 *
 * @source pkg/controller/daemon/{daemon_controller,update}.go v1.36
 */
import type { DaemonSet, Node, Pod } from "../../../shared/api/index.ts";
import type { DaemonSetStatus } from "../../../shared/api/generated/apps-v1.ts";
import { scaledValue } from "../../../shared/apimachinery/index.ts";
import { isPodAvailable, isPodFinished, isPodReady } from "../common/pod-state.ts";
import { isCurrent, nodeOf, placementOn, type Placement } from "./pods.ts";

export interface Observed {
  ds: DaemonSet;
  nodes: readonly Node[];
  pods: readonly Pod[];
  hash: string;
  now: number;
}

export interface Failure {
  node: string;
  pod: Pod;
}

export interface Plan {
  create: string[];
  remove: Pod[];
  /** Failed pods: the shell deletes them, with a pause that grows by node. */
  failed: Failure[];
  /** Succeeded pods: a daemon that ends is started again. */
  succeeded: Failure[];
}

type ByNode = Map<string, Pod[]>;

/** Finished pods that are already being deleted no longer hold their node. */
function podsByNode(pods: readonly Pod[]): ByNode {
  const byNode: ByNode = new Map();
  for (const pod of pods) {
    const node = isPodFinished(pod) && pod.metadata.deletionTimestamp ? undefined : nodeOf(pod);
    if (node) byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  return byNode;
}

const available = ({ ds, now }: Observed, pod: Pod) => isPodAvailable(pod, ds.spec.minReadySeconds ?? 0, now);

/** What has to be there and what has not, the template aside. */
export function plan(observed: Observed): Plan {
  const { ds, nodes } = observed;
  const byNode = podsByNode(observed.pods);
  const todo: Plan = { create: [], remove: [], failed: [], succeeded: [] };
  for (const node of nodes) planNode(observed, node.metadata.name, placementOn(ds, node), byNode.get(node.metadata.name), todo);
  const known = new Set(nodes.map((n) => n.metadata.name));
  for (const [node, pods] of byNode) {
    // Never scheduled, and its node is gone: it would wait for ever.
    if (!known.has(node)) todo.remove.push(...pods.filter((p) => !p.spec.nodeName && !p.metadata.deletionTimestamp));
  }
  return todo;
}

function planNode(
  observed: Observed,
  node: string,
  { shouldRun, mayStay }: Placement,
  pods: Pod[] | undefined,
  todo: Plan,
): void {
  if (shouldRun && !pods) todo.create.push(node);
  if (!pods) return;
  const live = pods.filter((p) => !p.metadata.deletionTimestamp);
  if (!mayStay) {
    todo.remove.push(...live);
    return;
  }
  for (const pod of live) {
    if (pod.status?.phase === "Failed") todo.failed.push({ node, pod });
    if (pod.status?.phase === "Succeeded") todo.succeeded.push({ node, pod });
  }
  const running = live.filter((p) => !isPodFinished(p)).sort(oldestFirst);
  if (!allowsSurge(observed.ds)) todo.remove.push(...running.slice(1));
  else if (running.length === 0 && shouldRun) todo.create.push(node);
  else if (running.length > 1) todo.remove.push(...surplusOfSurge(observed, running));
}

/** During a surge a node may have one old and one new pod; the old one goes when the new one can take over. */
function surplusOfSurge(observed: Observed, running: readonly Pod[]): Pod[] {
  const [fresh, ...extraFresh] = running.filter((p) => isCurrent(p, observed.ds, observed.hash));
  const [old, ...extraOld] = running.filter((p) => !isCurrent(p, observed.ds, observed.hash));
  const replaced = old && fresh && (!isPodReady(old) || available(observed, fresh));
  return [...extraFresh, ...extraOld, ...(replaced ? [old] : [])];
}

function oldestFirst(a: Pod, b: Pod): number {
  const order = (p: Pod) => `${p.spec.nodeName ? 0 : 1}|${p.metadata.creationTimestamp}|${p.metadata.name}`;
  return order(a) < order(b) ? -1 : 1;
}

const allowsSurge = ({ spec }: DaemonSet): boolean => {
  const { maxSurge = 0 } = spec.updateStrategy?.rollingUpdate ?? {};
  return spec.updateStrategy?.type !== "OnDelete" && maxSurge !== 0 && maxSurge !== "0%";
};

/** The next step of a rolling update: pods to delete, and under surge nodes that get a new one beside the old. */
export function planUpdate(observed: Observed): Pick<Plan, "create" | "remove"> {
  const { ds, nodes, pods, hash } = observed;
  const byNode = podsByNode(pods);
  const wanted = nodes.filter((node) => placementOn(ds, node).shouldRun);
  for (const node of wanted) if (!byNode.has(node.metadata.name)) byNode.set(node.metadata.name, []);
  const { maxSurge = 0, maxUnavailable = 1 } = ds.spec.updateStrategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, wanted.length, "up");
  let unavailable = scaledValue(maxUnavailable, wanted.length, "up");
  if (wanted.length > 0 && surge === 0 && unavailable === 0) unavailable = 1;
  const pairs = [...byNode].map(([node, list]) => {
    const live = list.filter((p) => !p.metadata.deletionTimestamp);
    return { node, fresh: live.filter((p) => isCurrent(p, ds, hash)), old: live.filter((p) => !isCurrent(p, ds, hash)) };
  });
  return surge === 0
    ? replaceInPlace(observed, pairs, unavailable)
    : replaceBeside(observed, pairs, surge, new Set(wanted.map((n) => n.metadata.name)));
}

interface Pair {
  node: string;
  fresh: Pod[];
  old: Pod[];
}

function replaceInPlace(observed: Observed, pairs: readonly Pair[], maxUnavailable: number): Pick<Plan, "create" | "remove"> {
  const remove: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { fresh, old } of pairs) {
    if (fresh.length > 1 || old.length > 1 || fresh.length === old.length) {
      unavailable++;
    } else if (fresh[0]) {
      if (!available(observed, fresh[0])) unavailable++;
    } else if (available(observed, old[0]!)) {
      candidates.push(old[0]!);
    } else {
      // Nothing is lost by replacing what does not work.
      remove.push(old[0]!);
      unavailable++;
    }
  }
  return { create: [], remove: [...remove, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))] };
}

function replaceBeside(
  observed: Observed,
  pairs: readonly Pair[],
  maxSurge: number,
  wanted: ReadonlySet<string>,
): Pick<Plan, "create" | "remove"> {
  const remove: Pod[] = [];
  const allowed: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  for (const { node, fresh, old } of pairs) {
    if (fresh.length > 1 || old.length > 1) surging++;
    else if (!old[0]) continue;
    else if (fresh[0]) {
      if (available(observed, fresh[0])) remove.push(old[0]);
      else surging++;
    } else if (!wanted.has(node)) {
      if (!available(observed, old[0])) remove.push(old[0]);
    } else if (available(observed, old[0])) candidates.push(node);
    else allowed.push(node);
  }
  return { create: [...allowed, ...candidates.slice(0, Math.max(0, maxSurge - surging))], remove };
}

export function statusOf(observed: Observed, collisionCount: number | undefined): DaemonSetStatus {
  const { ds, nodes, pods, hash } = observed;
  const byNode = podsByNode(pods);
  const count = { desired: 0, current: 0, wrong: 0, ready: 0, available: 0, updated: 0 };
  for (const node of nodes) {
    const onNode = (byNode.get(node.metadata.name) ?? []).toSorted(oldestFirst);
    if (!placementOn(ds, node).shouldRun) {
      if (onNode.length) count.wrong++;
      continue;
    }
    count.desired++;
    const [pod] = onNode;
    if (!pod) continue;
    count.current++;
    if (isPodReady(pod)) count.ready++;
    if (available(observed, pod)) count.available++;
    if (isCurrent(pod, ds, hash)) count.updated++;
  }
  return {
    currentNumberScheduled: count.current,
    numberMisscheduled: count.wrong,
    desiredNumberScheduled: count.desired,
    numberReady: count.ready,
    observedGeneration: ds.metadata.generation ?? 0,
    updatedNumberScheduled: count.updated,
    numberAvailable: count.available,
    numberUnavailable: count.desired - count.available,
    ...(collisionCount !== undefined && { collisionCount }),
    ...(ds.status?.conditions && { conditions: ds.status.conditions }),
  };
}
