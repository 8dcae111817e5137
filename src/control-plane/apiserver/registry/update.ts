/**
 * PUT of an object, and the loop that every change of a stored object goes through: read, change, validate, write if nobody was faster.
 *
 * @source staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go Update v1.36
 */
import type { Kind } from "../../../shared/api/kind.ts";
import { conflict, invalid, notFound } from "../../../shared/apimachinery/errors.ts";
import { invalidValue } from "../../../shared/apimachinery/field-error.ts";
import type { KubeObject, ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import { withoutIdleTimes } from "../../../shared/apimachinery/patch/index.ts";
import { deepCopy, deepEqual } from "../../../shared/apimachinery/patch/json.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import { authorizeAs } from "../chain/authorize.ts";
import type { Result } from "../chain/types.ts";
import { noCompanions } from "./companions.ts";
import { hubOf, objectOf, prepared, toVersion } from "./convert.ts";
import { createObject, readWritten, matchName } from "./create.ts";
import { admit, attributesOf, beforeUpdate, dropDuplicateOwners, matchNamespace, validateAdmission } from "./hooks.ts";
import type { Operation } from "./operation.ts";
import { writeOptions, type WriteOptions } from "./options.ts";
import { ownCreated, ownUpdated, setOwners } from "./ownership.ts";
import { parseRevision, plainError } from "./read.ts";
import { storeKey } from "./resources.ts";
import { put, remove } from "./storage.ts";

const LOCKED = "the object has been modified; please apply your changes to the latest version and try again";

export async function update(op: Operation): Promise<Result> {
  const options = writeOptions(op.query, "UpdateOptions");
  const sent = await readWritten(op, options);
  matchName(op, sent);
  matchNamespace(op, sent);
  dropDuplicateOwners(op, sent, false);
  const { uid, resourceVersion } = sent.metadata;
  const once = Boolean(resourceVersion && resourceVersion !== "0");
  return change(op, options, {
    uid,
    create: op.served.resource.storage.kind.createOnUpdate && !op.info.subresource ? () => putNew(op, sent, options) : undefined,
    next(live) {
      const object = once ? sent : deepCopy(sent);
      ownUpdated(op, live, object);
      return object;
    },
  });
}

async function putNew(op: Operation, sent: KubeObject, options: WriteOptions): Promise<Result> {
  await authorizeAs(op.core, op.user, { ...op.info, verb: "create" });
  const object = deepCopy(sent);
  if (object.metadata.uid) throw uidPrecondition(op, object.metadata.uid, "");
  delete (object.metadata as Partial<ObjectMeta>).resourceVersion;
  ownCreated(op, object);
  return createObject(op, object, options);
}

export interface Change {
  /** Precondition: the stored object has this uid. */
  uid?: string;
  /** Where there is no object; absent: 404. */
  create?: () => Promise<Result>;
  /** The new state, in the served version and with its owners recorded; `live` is the stored one in that version, frozen. */
  next(live: KubeObject): KubeObject | Promise<KubeObject>;
  /** What admission sees in the object's place. */
  view?: View;
}

/** A part of an object that looks like an object of its own. */
export interface View {
  of(object: KubeObject): KubeObject;
  /** Takes over what admission changed. */
  into(object: KubeObject, seen: KubeObject): void;
}

export async function change(op: Operation, options: WriteOptions, how: Change): Promise<Result> {
  const { resource } = op.served;
  for (;;) {
    await op.core.hub.current();
    const entry = resource.cache.get(storeKey(resource, op.info.namespace, op.info.name));
    if (!entry) {
      if (!how.create) throw notFound(op.served.ref, op.info.name);
      return how.create();
    }
    const result = await attempt(op, options, how, entry);
    if (result) return result;
  }
}

/** undefined: somebody was faster. */
async function attempt(op: Operation, options: WriteOptions, how: Change, entry: CachedObject): Promise<Result | undefined> {
  const { resource } = op.served;
  const conversion = prepared(entry, op.served);
  if (conversion) await conversion;
  const hub = hubOf(op.served);
  const old = objectOf(entry, hub);
  if (how.uid && how.uid !== old.metadata.uid) throw uidPrecondition(op, how.uid, old.metadata.uid);
  const next = await how.next(objectOf(entry, op.served));
  const object = await toVersion(resource, next, hub);
  const oldSeen = how.view ? how.view.of(old) : old;
  const seen = how.view ? how.view.of(object) : object;
  await admit(op, attributesOf(op, "UPDATE", seen, oldSeen, options));
  how.view?.into(object, seen);
  dropDuplicateOwners(op, object, true);
  checkRevision(op, object, entry);
  const companions = op.info.subresource
    ? noCompanions
    : (op.core.companions[resource.id]?.plan(op.core, object, old) ?? noCompanions);
  beforeUpdate(op, object, old, options.dryRun);
  setOwners(object, withoutIdleTimes(old, object));
  await validateAdmission(op, attributesOf(op, "UPDATE", how.view ? how.view.of(object) : object, oldSeen, options));
  if (isReleased(resource.storage.kind, object, old)) return finish(op, options, entry, object);
  if (deepEqual(old, object)) return { type: "entry", code: 200, served: op.served, entry };
  if (options.dryRun)
    return { type: "object", code: 200, object: await toVersion(resource, object, op.served), served: op.served };
  const written = await put(op.core, resource, object, entry.revision, companions.writes);
  const refused = !written.ok && written.companion !== undefined && companions.refused(written.companion);
  if (refused) throw refused;
  return written.ok ? { type: "entry", code: 200, served: op.served, entry: written.entry } : undefined;
}

/** The version the client saw has to be the present one; none at all is fine for most kinds. */
function checkRevision(op: Operation, object: KubeObject, entry: CachedObject): void {
  const { ref, resource } = op.served;
  const text: string | undefined = object.metadata.resourceVersion;
  const wanted = text ? parseRevision(text) : 0;
  if (wanted === undefined) throw plainError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (wanted === 0 && resource.storage.kind.requireResourceVersion && op.info.subresource !== "scale")
    throw invalid(ref, op.info.name, [invalidValue("metadata.resourceVersion", 0, "must be specified for an update")]);
  if (wanted !== 0 && wanted !== entry.revision) throw conflict(ref, op.info.name, LOCKED);
  object.metadata.resourceVersion = String(entry.revision);
}

function uidPrecondition(op: Operation, wanted: string, found: string) {
  const { resource, ref } = op.served;
  const key = storeKey(resource, op.info.namespace, op.info.name);
  const text = `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${found}`;
  return conflict(
    ref,
    op.info.name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${text}`,
  );
}

/** Nothing holds an object that is being deleted any more. */
function isReleased(kind: Kind<any>, object: KubeObject, old: KubeObject): boolean {
  const was: Partial<ObjectMeta> = old.metadata;
  if (object.metadata.finalizers?.length || !was.deletionTimestamp || kind.isHeld?.(object)) return false;
  return (was.deletionGracePeriodSeconds ?? 0) === 0;
}

/** Removes it. The answer is the object as it was sent, at the last stored revision. */
async function finish(
  op: Operation,
  options: WriteOptions,
  entry: CachedObject,
  object: KubeObject,
): Promise<Result | undefined> {
  if (!options.dryRun && !(await remove(op.core, op.served.resource, entry)).ok) return undefined;
  return { type: "object", code: 200, object: await toVersion(op.served.resource, object, op.served), served: op.served };
}
