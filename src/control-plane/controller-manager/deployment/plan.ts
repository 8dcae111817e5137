/**
 * What to do for a Deployment: which ReplicaSets to create, resize, annotate and delete, and what its status then says. Pure.
 *
 * One step of a rollout per plan: the new set grows, or the old ones shrink; the ReplicaSets' own changes bring the next step.
 *
 * @source pkg/controller/deployment/{sync,rolling,recreate}.go v1.36
 */
import { Deployment, ReplicaSet } from "../../../shared/api/index.ts";
import type { DeploymentStatus } from "../../../shared/api/generated/apps-v1.ts";
import { findCondition } from "../../../shared/apimachinery/index.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import { controllerReference } from "../../../shared/client/index.ts";
import { templateHash } from "../common/template-hash.ts";
import {
  active,
  byRevision,
  bySizeNewer,
  bySizeOlder,
  DESIRED_REPLICAS,
  desiredOf,
  findNew,
  HASH_LABEL,
  hasProgressDeadline,
  historyLimit,
  isRolling,
  maxSurge,
  maxUnavailable,
  newestFirst,
  newSetSize,
  oldestFirst,
  proportion,
  REVISION,
  revisionOf,
  setReplicasAnnotations,
  setRevisionAnnotations,
  sum,
  workingSet,
  type WorkingSet,
} from "./replica-sets.ts";
import { countedStatus, isComplete, rolloutStatus, setDeploymentCondition } from "./status.ts";

export interface Observed {
  deployment: Deployment;
  /** Owned. */
  replicaSets: readonly ReplicaSet[];
  /** Some pod of a set with this uid is not finished; only asked for Recreate. */
  hasRunningPods(uid: string): boolean;
  now: number;
}

export interface Plan {
  create?: Draft<ReplicaSet>;
  /** In this order; `scaled` is told as an event when it is done. */
  update: { object: ReplicaSet; scaled?: { from: number; to: number } }[];
  remove: ReplicaSet[];
  status: DeploymentStatus;
  /** Value of the Deployment's revision annotation, where it should have one. */
  revision?: string;
}

export function plan(observed: Observed): Plan {
  const { deployment } = observed;
  const work = new Rollout(observed);
  if (deployment.metadata.deletionTimestamp) return work.result("counted");
  const paused = deployment.spec.paused ?? false;
  work.notePause(paused);
  if (paused || work.isResized()) {
    work.syncNewSet();
    work.resize();
    if (paused) work.cleanUp();
    return work.result("counted");
  }
  if (isRolling(deployment)) work.roll();
  else work.recreate();
  return work.result("rollout");
}

class Rollout {
  readonly #observed: Observed;
  #deployment: Deployment;
  #sets: WorkingSet[];
  #newSet: WorkingSet | undefined;
  #old: WorkingSet[];
  #created: Draft<ReplicaSet> | undefined;
  #touched = new Set<WorkingSet>();
  #removed: ReplicaSet[] = [];
  #revision: string | undefined;

  constructor(observed: Observed) {
    this.#observed = observed;
    this.#deployment = observed.deployment;
    this.#sets = observed.replicaSets.map(workingSet);
    this.#newSet = findNew(this.#deployment, this.#sets);
    this.#old = this.#sets.filter((set) => set !== this.#newSet).sort(oldestFirst);
  }

  result(kind: "counted" | "rollout"): Plan {
    const { now } = this.#observed;
    const sets = this.#newSet ? [...this.#old, this.#newSet] : this.#old;
    const statusOf = kind === "counted" ? countedStatus : rolloutStatus;
    return {
      ...(this.#created && { create: { ...this.#created, spec: { ...this.#created.spec, replicas: this.#newSet!.replicas } } }),
      update: [...this.#touched].flatMap((set) => changeOf(set) ?? []),
      remove: this.#removed,
      status: statusOf(this.#deployment, sets, this.#newSet, now),
      ...(this.#revision !== undefined && { revision: this.#revision }),
    };
  }

  /** Pausing stops the deadline, resuming starts it anew. */
  notePause(paused: boolean): void {
    if (!hasProgressDeadline(this.#deployment)) return;
    const reason = findCondition(this.#deployment.status?.conditions, "Progressing")?.reason;
    if (reason === "ProgressDeadlineExceeded" || paused === (reason === "DeploymentPaused")) return;
    if (paused) this.#progressing("Unknown", "DeploymentPaused", "Deployment is paused");
    else this.#progressing("Unknown", "DeploymentResumed", "Deployment is resumed");
  }

  /** Somebody changed `replicas` since the sets were last sized. */
  isResized(): boolean {
    return active(this.#sets).some((set) => {
      const desired = Number(set.annotations[DESIRED_REPLICAS] ?? Number.NaN);
      return !Number.isNaN(desired) && desired !== desiredOf(this.#deployment);
    });
  }

  /** Brings annotations and minReadySeconds of the new set up to date, if there is one. */
  syncNewSet(): void {
    const set = this.#newSet;
    if (!set) return;
    setRevisionAnnotations(set, this.#deployment, this.#nextRevision());
    set.minReadySeconds = this.#deployment.spec.minReadySeconds ?? 0;
    this.#touched.add(set);
    this.#revision = set.annotations[REVISION];
    if (hasProgressDeadline(this.#deployment) && !findCondition(this.#deployment.status?.conditions, "Progressing")) {
      this.#progressing("True", "FoundNewReplicaSet", `Found new replica set "${set.name}"`);
    }
  }

  roll(): void {
    this.#ensureNewSet();
    if (this.#growNewSet() || this.#shrinkOldSets()) return;
    if (isComplete(this.#deployment, this.#deployment.status ?? {})) this.cleanUp();
  }

  recreate(): void {
    this.syncNewSet();
    const shrinking = active(this.#old);
    for (const set of shrinking) this.#scale(set, 0);
    if (shrinking.length || this.#oldPodsRun()) return;
    this.#ensureNewSet();
    this.#scale(this.#newSet!, desiredOf(this.#deployment));
    if (isComplete(this.#deployment, this.#deployment.status ?? {})) this.cleanUp();
  }

  /** Fits the sets to a new size without going on with the rollout. */
  resize(): void {
    const desired = desiredOf(this.#deployment);
    const only = this.#activeOrLatest();
    if (only) {
      if (only.replicas !== desired) this.#scale(only, desired);
      return;
    }
    if (this.#newSet && this.#isSaturated(this.#newSet)) {
      for (const set of active(this.#old)) this.#scale(set, 0);
    } else if (isRolling(this.#deployment)) this.#resizeInProportion();
  }

  cleanUp(): void {
    const limit = historyLimit(this.#deployment);
    if (limit === undefined) return;
    const alive = this.#old.filter((set) => !set.object.metadata.deletionTimestamp).sort(byRevision);
    for (const { object, actual, replicas } of alive.slice(0, Math.max(0, alive.length - limit))) {
      const reported = (object.metadata.generation ?? 0) <= (object.status?.observedGeneration ?? 0);
      if (actual === 0 && replicas === 0 && reported) this.#removed.push(object);
    }
  }

  #nextRevision(): bigint {
    return this.#old.map(revisionOf).reduce((a, b) => (a > b ? a : b), 0n) + 1n;
  }

  #ensureNewSet(): void {
    if (this.#newSet) return this.syncNewSet();
    const { metadata, spec, status } = this.#deployment;
    const hash = templateHash(spec.template, status?.collisionCount);
    const labels = { ...spec.template.metadata?.labels, [HASH_LABEL]: hash };
    const name = `${metadata.name.slice(0, 253 - 1 - hash.length)}-${hash}`;
    const draft = {
      metadata: {
        name,
        namespace: metadata.namespace!,
        labels,
        ownerReferences: [controllerReference(Deployment, this.#deployment)],
      },
      spec: {
        replicas: newSetSize(this.#deployment, this.#sets, 0),
        ...(spec.minReadySeconds && { minReadySeconds: spec.minReadySeconds }),
        selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [HASH_LABEL]: hash } },
        template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
      },
    };
    const set = workingSet(draft as unknown as ReplicaSet);
    setRevisionAnnotations(set, this.#deployment, this.#nextRevision());
    setReplicasAnnotations(set, this.#deployment);
    this.#newSet = set;
    this.#revision = set.annotations[REVISION];
    this.#created = { ...draft, metadata: { ...draft.metadata, annotations: set.annotations } } as Draft<ReplicaSet>;
    if (hasProgressDeadline(this.#deployment))
      this.#progressing("True", "NewReplicaSetCreated", `Created new replica set "${name}"`);
  }

  #growNewSet(): boolean {
    const set = this.#newSet!;
    const desired = desiredOf(this.#deployment);
    if (set.replicas === desired) return false;
    const all = [...this.#old, set];
    return this.#scale(set, set.replicas > desired ? desired : newSetSize(this.#deployment, all, set.replicas));
  }

  /** Unhealthy old replicas first: they are no loss. Then as many as availability allows. */
  #shrinkOldSets(): boolean {
    const old = active(this.#old).sort(oldestFirst);
    const set = this.#newSet!;
    const minAvailable = desiredOf(this.#deployment) - maxUnavailable(this.#deployment);
    const total = sum([...this.#old, set], (s) => s.replicas);
    const spare = total - minAvailable - (set.replicas - set.available);
    if (!old.length || spare <= 0) return false;
    let shrunk = 0;
    for (const target of old) {
      const unhealthy = Math.min(spare - shrunk, target.replicas - target.available);
      if (unhealthy <= 0) continue;
      this.#scale(target, target.replicas - unhealthy);
      shrunk += unhealthy;
    }
    let left = sum([...old, set], (s) => s.available) - minAvailable;
    for (const target of old) {
      const count = Math.min(target.replicas, left);
      if (count <= 0) continue;
      this.#scale(target, target.replicas - count);
      left -= count;
      shrunk += count;
    }
    return shrunk > 0;
  }

  #resizeInProportion(): void {
    const sets = active(this.#newSet ? [...this.#old, this.#newSet] : this.#old);
    const desired = desiredOf(this.#deployment);
    const allowed = desired > 0 ? desired + maxSurge(this.#deployment) : 0;
    const toAdd = allowed - sum(sets, (s) => s.replicas);
    if (toAdd > 0) sets.sort(bySizeNewer);
    else if (toAdd < 0) sets.sort(bySizeOlder);
    let added = 0;
    const sizes = sets.map((set) => {
      const share = proportion(set, this.#deployment, toAdd, added);
      added += share;
      return set.replicas + share;
    });
    // What rounding left over goes to the largest.
    if (sizes.length && toAdd !== 0) sizes[0] = Math.max(0, sizes[0]! + toAdd - added);
    sets.forEach((set, i) => {
      this.#scale(set, sizes[i]!);
      setReplicasAnnotations(set, this.#deployment);
    });
  }

  #activeOrLatest(): WorkingSet | undefined {
    const running = active(this.#newSet ? [...this.#old, this.#newSet] : this.#old);
    if (running.length > 1) return undefined;
    return running[0] ?? this.#newSet ?? [...this.#old].sort(newestFirst)[0];
  }

  #isSaturated(set: WorkingSet): boolean {
    const desired = desiredOf(this.#deployment);
    return set.replicas === desired && set.annotations[DESIRED_REPLICAS] === String(desired) && set.available === desired;
  }

  #oldPodsRun(): boolean {
    if (this.#old.some((set) => set.actual > 0)) return true;
    return this.#old.some((set) => this.#observed.hasRunningPods(set.object.metadata.uid));
  }

  #scale(set: WorkingSet, size: number): boolean {
    if (set.replicas === size) return false;
    set.replicas = size;
    setReplicasAnnotations(set, this.#deployment);
    this.#touched.add(set);
    return true;
  }

  #progressing(status: "True" | "Unknown", reason: string, message: string): void {
    const conditions = setDeploymentCondition(
      this.#deployment.status?.conditions,
      "Progressing",
      status,
      reason,
      message,
      this.#observed.now,
    );
    this.#deployment = { ...this.#deployment, status: { ...this.#deployment.status, conditions } };
  }
}

/** undefined where nothing differs. A new set (without revision of its own) is created, not updated. */
function changeOf(set: WorkingSet): Plan["update"][number] | undefined {
  const { object, replicas, annotations, minReadySeconds } = set;
  if (!object.metadata.uid) return undefined;
  const from = object.spec.replicas ?? 1;
  const sized = from !== replicas;
  const before = object.metadata.annotations ?? {};
  const annotated = Object.keys(annotations).some((name) => annotations[name] !== before[name]);
  if (!sized && !annotated && minReadySeconds === (object.spec.minReadySeconds ?? 0)) return undefined;
  return {
    object: { ...object, metadata: { ...object.metadata, annotations }, spec: { ...object.spec, replicas, minReadySeconds } },
    ...(sized && { scaled: { from, to: replicas } }),
  };
}

export { REVISION };
