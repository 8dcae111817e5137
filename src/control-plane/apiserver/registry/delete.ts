/**
 * DELETE of one object: at once, gracefully (marked, and gone when its node says so), or held by finalizers.
 *
 * @source staging/src/k8s.io/apiserver/pkg/registry/{rest/delete.go,generic/registry/store.go} v1.36
 */
import type { Kind } from "../../../shared/api/kind.ts";
import { conflict, notFound } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject, ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import { deepCopy, deepEqual } from "../../../shared/apimachinery/patch/json.ts";
import { formatTime, parseTime } from "../../../shared/lib/platform.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import type { Result } from "../chain/types.ts";
import { prepared } from "./convert.ts";
import { readDeleteOptions } from "./delete-body.ts";
import { admit, attributesOf, validateAdmission } from "./hooks.ts";
import type { Operation } from "./operation.ts";
import type { DeleteOptions } from "./options.ts";
import { storeKey } from "./resources.ts";
import { put, remove } from "./storage.ts";

const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

export async function deleteOne(op: Operation): Promise<Result> {
  const options = await readDeleteOptions(op);
  const deleted = await deleteNamed(op, op.info.name, options);
  const { served } = op;
  if (!deleted.gone || served.resource.storage.kind.returnDeletedObject) return resultOf(op, deleted);
  const { group, resource } = served.ref;
  const details = { name: op.info.name, ...(group && { group }), kind: resource, uid: deleted.entry.object.metadata.uid };
  return { type: "object", code: 200, object: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
}

export interface Deleted {
  /** It is not there any more. */
  gone: boolean;
  entry: CachedObject;
  /** Instead of the entry: a state that was only tried. */
  object?: KubeObject;
}

function resultOf(op: Operation, { entry, object }: Deleted): Result {
  if (object) return { type: "object", code: 200, object, served: op.served };
  return { type: "entry", code: 200, served: op.served, entry };
}

export async function deleteNamed(op: Operation, name: string, options: DeleteOptions): Promise<Deleted> {
  const { resource, ref } = op.served;
  const key = storeKey(resource, op.info.namespace, name);
  for (;;) {
    await op.core.hub.current();
    const entry = resource.cache.get(key);
    if (!entry) throw notFound(ref, name);
    await prepared(entry, op.served); // where a webhook converts, what it cannot convert is not deleted either
    const deleted = await attempt(op, entry, options);
    if (deleted) return deleted;
  }
}

/** undefined: somebody was faster. */
async function attempt(op: Operation, entry: CachedObject, options: DeleteOptions): Promise<Deleted | undefined> {
  const { resource } = op.served;
  const { kind } = resource.storage;
  checkPreconditions(op, entry, options);
  const attributes = attributesOf(op, "DELETE", undefined, entry.object, options);
  await admit(op, attributes);
  await validateAdmission(op, attributes);
  const plan = planDelete(kind, entry.object, options, op.now);
  if (plan.type === "pending") return { gone: false, entry };
  if (plan.type === "mark") {
    if (options.dryRun) return { gone: !plan.held && plan.grace === 0, entry, object: plan.object };
    if (deepEqual(plan.object, entry.object)) return plan.held || plan.grace > 0 ? { gone: false, entry } : undefined;
    const written = await put(op.core, resource, plan.object, entry.revision);
    if (!written.ok) return undefined;
    if (plan.held || plan.grace > 0) return { gone: false, entry: written.entry };
    entry = written.entry;
  }
  if (options.dryRun) return { gone: true, entry };
  const removed = await remove(op.core, resource, entry);
  return removed.ok ? { gone: true, entry: entry.at(removed.revision) } : undefined;
}

type DeletePlan =
  | { type: "now" }
  /** It is being deleted already, and this request changes nothing. */
  | { type: "pending" }
  /** Write this state; `held`: finalizers remain; `grace`: seconds until it may go. */
  | { type: "mark"; object: KubeObject; held: boolean; grace: number };

export function planDelete(kind: Kind<any>, old: KubeObject, options: DeleteOptions, now: number): DeletePlan {
  const object = deepCopy(old);
  if (kind.prepareForDelete && !old.metadata.deletionTimestamp) return markFirst(kind, object, options, now);
  if (kind.isHeld?.(object)) return { type: "pending" };
  const grace = graceful(kind, object, options, now);
  if (grace === "pending") return { type: "pending" };
  const meta: Partial<ObjectMeta> = object.metadata;
  meta.finalizers = finalizersFor(kind, meta.finalizers ?? [], options);
  const held = meta.finalizers.length > 0;
  if (!meta.finalizers.length) delete meta.finalizers;
  if (grace !== undefined) return { type: "mark", object, held, grace };
  if (!held) return { type: "now" };
  markDeleted(meta, now);
  return { type: "mark", object, held, grace: 0 };
}

function markFirst(kind: Kind<any>, object: KubeObject, options: DeleteOptions, now: number): DeletePlan {
  const meta: Partial<ObjectMeta> = object.metadata;
  meta.deletionTimestamp = formatTime(now);
  const finalizers = finalizersFor(kind, meta.finalizers ?? [], options);
  if (finalizers.length) meta.finalizers = finalizers;
  else delete meta.finalizers;
  kind.prepareForDelete!(object);
  return { type: "mark", object, held: true, grace: 0 };
}

function markDeleted(meta: Partial<ObjectMeta>, now: number): void {
  if (!meta.deletionTimestamp && meta.generation) meta.generation++;
  if (!meta.deletionTimestamp || parseTime(meta.deletionTimestamp) > now) meta.deletionTimestamp = formatTime(now);
  meta.deletionGracePeriodSeconds = 0;
}

/** Marks an object that is to be deleted gracefully; seconds it still has, undefined where there is no grace. */
function graceful(kind: Kind<any>, object: KubeObject, options: DeleteOptions, now: number): number | "pending" | undefined {
  if (!kind.gracePeriodSeconds) return undefined;
  const meta: Partial<ObjectMeta> = object.metadata;
  const asked =
    options.gracePeriodSeconds === undefined ? undefined : options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  if (meta.deletionTimestamp) return shorten(meta, asked, now);
  const grace = kind.gracePeriodSeconds(object, asked);
  meta.deletionTimestamp = formatTime(now + grace * 1000);
  meta.deletionGracePeriodSeconds = grace;
  if (meta.generation) meta.generation++;
  return grace;
}

/** A grace period that runs may only become shorter. */
function shorten(meta: Partial<ObjectMeta>, asked: number | undefined, now: number): number | "pending" | undefined {
  const running = meta.deletionGracePeriodSeconds ?? 0;
  if (running === 0) return undefined;
  if (asked === undefined || asked >= running) return "pending";
  const end = parseTime(meta.deletionTimestamp!) - running * 1000 + asked * 1000;
  const late = end < now;
  meta.deletionTimestamp = formatTime(late ? now : end);
  meta.deletionGracePeriodSeconds = late && asked !== 0 ? 1 : asked;
  return meta.deletionGracePeriodSeconds;
}

/** The garbage collector's finalizers as the options, what is there, and the kind's default say. */
function finalizersFor(kind: Kind<any>, present: readonly string[], options: DeleteOptions): string[] {
  const others = present.filter((f) => f !== ORPHAN && f !== FOREGROUND);
  const wanted = collectorFinalizer(kind, present, options);
  const result = wanted ? [...others, wanted] : others;
  const same = result.length === present.length && result.every((f) => present.includes(f));
  return same ? [...present] : result;
}

function collectorFinalizer(kind: Kind<any>, present: readonly string[], options: DeleteOptions): string | undefined {
  if (kind.deletePropagation === "unsupported") return undefined;
  if (options.orphanDependents !== undefined) return options.orphanDependents ? ORPHAN : undefined;
  if (options.propagationPolicy === "Orphan") return ORPHAN;
  if (options.propagationPolicy === "Foreground") return FOREGROUND;
  if (options.propagationPolicy === "Background") return undefined;
  const set = present.find((f) => f === ORPHAN || f === FOREGROUND);
  if (set) return set;
  return kind.deletePropagation === "orphan" ? ORPHAN : undefined;
}

function checkPreconditions(op: Operation, entry: CachedObject, { preconditions }: DeleteOptions): void {
  if (!preconditions) return;
  const { uid, name, deletionTimestamp } = entry.object.metadata;
  // Kinds that are deleted in two steps look for themselves first.
  if (op.served.resource.storage.kind.prepareForDelete && !deletionTimestamp && preconditions.uid && preconditions.uid !== uid)
    throw conflict(
      op.served.ref,
      name,
      `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`,
    );
  if (preconditions.uid && preconditions.uid !== uid) {
    const text = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(op.served.kindRef, name, text);
  }
  const revision = String(entry.revision);
  if (preconditions.resourceVersion && preconditions.resourceVersion !== revision) {
    const text = `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${revision}). The object might have been modified`;
    throw conflict(op.served.kindRef, name, text);
  }
}
