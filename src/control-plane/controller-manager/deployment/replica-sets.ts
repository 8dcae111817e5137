/**
 * A Deployment's ReplicaSets as the plan works on them: copies it may change, in upstream's orders, with the arithmetic of rollouts.
 *
 * @source pkg/controller/deployment/util/deployment_util.go v1.36
 */
import type { Deployment, ReplicaSet } from "../../../shared/api/index.ts";
import { scaledValue } from "../../../shared/apimachinery/index.ts";
import { canonicalJson, withoutLabel } from "../common/template-hash.ts";

export const HASH_LABEL = "pod-template-hash";
export const REVISION = "deployment.kubernetes.io/revision";
const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";
const NO_LIMIT = 2 ** 31 - 1;

/** Annotations of a Deployment that its ReplicaSets do not get. */
const NOT_COPIED = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  "deprecated.deployment.rollback.to",
]);
const HISTORY_MAX_CHARS = 2000;

/** A ReplicaSet being planned: `replicas`, `annotations` and `minReadySeconds` may change, the rest is as observed. */
export interface WorkingSet {
  name: string;
  object: ReplicaSet;
  replicas: number;
  annotations: Record<string, string>;
  minReadySeconds: number;
  /** Sizes as the cluster last reported them. */
  actual: number;
  ready: number;
  available: number;
  /** Unknown to ReplicaSets that have not reported yet. */
  terminating: number | undefined;
}

export function workingSet(object: ReplicaSet): WorkingSet {
  return {
    name: object.metadata.name,
    object,
    replicas: object.spec.replicas ?? 1,
    annotations: { ...object.metadata.annotations },
    minReadySeconds: object.spec.minReadySeconds ?? 0,
    actual: object.status?.replicas ?? 0,
    ready: object.status?.readyReplicas ?? 0,
    available: object.status?.availableReplicas ?? 0,
    terminating: object.status?.terminatingReplicas ?? (object.status?.observedGeneration ? undefined : 0),
  };
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export const oldestFirst = (a: WorkingSet, b: WorkingSet): number =>
  byText(a.object.metadata.creationTimestamp, b.object.metadata.creationTimestamp) || byText(a.name, b.name);

export const newestFirst = (a: WorkingSet, b: WorkingSet): number => oldestFirst(b, a);
export const bySizeOlder = (a: WorkingSet, b: WorkingSet): number => b.replicas - a.replicas || oldestFirst(a, b);
export const bySizeNewer = (a: WorkingSet, b: WorkingSet): number => b.replicas - a.replicas || newestFirst(a, b);
export function byRevision(a: WorkingSet, b: WorkingSet): number {
  const [x, y] = [revisionOf(a), revisionOf(b)];
  return x < y ? -1 : x > y ? 1 : oldestFirst(a, b);
}

export const sum = (sets: readonly WorkingSet[], of: (set: WorkingSet) => number): number =>
  sets.reduce((n, set) => n + of(set), 0);
export const active = (sets: readonly WorkingSet[]): WorkingSet[] => sets.filter((set) => set.replicas > 0);

/** A 64-bit number: whoever takes a set over may have given it a large one. 0 where it has none. */
export function revisionOf(set: WorkingSet): bigint {
  const text = set.annotations[REVISION] ?? "";
  return /^-?\d+$/.test(text) ? BigInt(text) : 0n;
}

/** The oldest set whose template is the Deployment's, the hash label aside. */
export function findNew(deployment: Deployment, sets: readonly WorkingSet[]): WorkingSet | undefined {
  const wanted = canonicalJson(withoutLabel(deployment.spec.template, HASH_LABEL));
  return [...sets].sort(oldestFirst).find((set) => canonicalJson(withoutLabel(set.object.spec.template, HASH_LABEL)) === wanted);
}

export const desiredOf = (deployment: Deployment): number => deployment.spec.replicas ?? 1;
export const isRolling = (deployment: Deployment): boolean => deployment.spec.strategy.type !== "Recreate";

function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const { maxSurge = 0, maxUnavailable = 0 } = deployment.spec.strategy.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, desiredOf(deployment), "up");
  const unavailable = scaledValue(maxUnavailable, desiredOf(deployment), "down");
  // Both could be percentages that round to zero: something has to be allowed to move.
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export const maxSurge = (deployment: Deployment): number => (isRolling(deployment) ? fenceposts(deployment).surge : 0);

export function maxUnavailable(deployment: Deployment): number {
  if (!isRolling(deployment) || desiredOf(deployment) === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, desiredOf(deployment));
}

/** How large the new set may be now. */
export function newSetSize(deployment: Deployment, sets: readonly WorkingSet[], current: number): number {
  const desired = desiredOf(deployment);
  if (!isRolling(deployment)) return desired;
  const room =
    desired + scaledValue(deployment.spec.strategy.rollingUpdate?.maxSurge ?? 0, desired, "up") - sum(sets, (s) => s.replicas);
  return room <= 0 ? current : current + Math.min(room, desired - current);
}

/** A set's share of a change of the Deployment's size, in proportion to its own. */
export function proportion(set: WorkingSet, deployment: Deployment, toAdd: number, added: number): number {
  if (set.replicas === 0 || toAdd === 0 || toAdd === added) return 0;
  const share = fraction(set, deployment);
  const allowed = toAdd - added;
  return toAdd > 0 ? Math.min(share, allowed) : Math.max(share, allowed);
}

function fraction(set: WorkingSet, deployment: Deployment): number {
  if (desiredOf(deployment) === 0) return -set.replicas;
  const before = Number(set.annotations[MAX_REPLICAS] ?? 0) || (deployment.status?.replicas ?? 0);
  if (!before) return 0;
  const size = (set.replicas * (desiredOf(deployment) + maxSurge(deployment))) / before;
  return Math.round(size) - set.replicas;
}

export function setReplicasAnnotations(set: WorkingSet, deployment: Deployment): void {
  set.annotations[DESIRED_REPLICAS] = String(desiredOf(deployment));
  set.annotations[MAX_REPLICAS] = String(desiredOf(deployment) + maxSurge(deployment));
}

/** Copies the Deployment's annotations, and raises the revision; a revision that is left goes to the history. */
export function setRevisionAnnotations(set: WorkingSet, deployment: Deployment, revision: bigint): void {
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!NOT_COPIED.has(name)) set.annotations[name] = value;
  }
  const old = set.annotations[REVISION];
  if (revisionOf(set) >= revision) return;
  set.annotations[REVISION] = String(revision);
  if (old === undefined) return;
  const history = (set.annotations[REVISION_HISTORY] ?? "").split(",").filter(Boolean);
  while (history.length && [...history, old].join(",").length > HISTORY_MAX_CHARS) history.shift();
  set.annotations[REVISION_HISTORY] = [...history, old].join(",");
}

export const hasProgressDeadline = ({ spec }: Deployment): boolean =>
  spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== NO_LIMIT;

export const historyLimit = ({ spec }: Deployment): number | undefined =>
  spec.revisionHistoryLimit === undefined || spec.revisionHistoryLimit === NO_LIMIT ? undefined : spec.revisionHistoryLimit;
