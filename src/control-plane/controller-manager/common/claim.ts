/**
 * Which objects a controller's object owns: its selector and the owner references are brought in step.
 *
 * An object without a controller that the selector matches is adopted; an owned one that it no longer matches is released. Both patches carry
 * the object's uid, so that another object of the same name is never touched. Before the first adoption the owner is read afresh: an owner that
 * is being deleted adopts nothing.
 *
 * @source pkg/controller/controller_ref_manager.go v1.36
 */
import type { Kind } from "../../../shared/api/index.ts";
import { isInvalid, isNotFound, type Selector } from "../../../shared/apimachinery/index.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { controllerOf, controllerReference, indexing, watching, type ControllerContext } from "../../../shared/client/index.ts";

const ORPHANS = "orphans";

/** Objects without a controller, by namespace. */
export const orphanIndex = <T extends KubeObject>(kind: Kind<T>) =>
  indexing(kind, ORPHANS, (object) => (controllerOf(object) ? [] : [object.metadata.namespace ?? ""]));

/** An orphan that appears or changes its labels brings the keys of the owners that would adopt it. */
export function orphanRule<T extends KubeObject, O extends KubeObject>(
  kind: Kind<T>,
  ownerKind: Kind<O>,
  selectorFor: (owner: O) => Selector,
) {
  return watching(
    kind,
    (object, { cache }) => {
      if (controllerOf(object)) return [];
      const owners = cache
        .list(ownerKind, object.metadata.namespace)
        .filter((owner) => selectorFor(owner).matches(object.metadata.labels));
      return owners.map((owner) => `${owner.metadata.namespace}/${owner.metadata.name}`);
    },
    (object, old, deleted) =>
      !deleted && !controllerOf(object) && (!old || old.metadata.labels !== object.metadata.labels || !!controllerOf(old)),
  );
}

export interface Claim<T extends KubeObject, O extends KubeObject> {
  kind: Kind<T>;
  ownerKind: Kind<O>;
  owner: O;
  selector: Selector;
  /** Objects that may be adopted; default all. */
  mayAdopt?(object: T): boolean;
  /** Only for objects that pass; default all. */
  consider?(object: T): boolean;
  /** Added to objects that are adopted. */
  finalizer?: string;
}

/** The objects that the owner owns, after adoption and release. */
export async function claimObjects<T extends KubeObject, O extends KubeObject>(
  claim: Claim<T, O>,
  context: ControllerContext<any>,
): Promise<T[]> {
  const { kind, owner, selector, consider = () => true } = claim;
  const { cache } = context;
  const claimed: T[] = [];
  const changes: Promise<void>[] = [];
  for (const object of cache.ownedBy(kind, owner)) {
    if (!consider(object)) continue;
    if (selector.matches(object.metadata.labels)) claimed.push(object);
    else if (!owner.metadata.deletionTimestamp) changes.push(release(claim, object, context));
  }
  const orphans = cache.byIndex(kind, ORPHANS, owner.metadata.namespace ?? "");
  const wanted = orphans.filter(
    (o) => !o.metadata.deletionTimestamp && consider(o) && selector.matches(o.metadata.labels) && (claim.mayAdopt?.(o) ?? true),
  );
  if (wanted.length && !owner.metadata.deletionTimestamp) {
    await refuseDeletedOwner(claim, context);
    for (const object of wanted)
      changes.push(adopt(claim, object, context).then((adopted) => void (adopted && claimed.push(adopted))));
  }
  await Promise.all(changes);
  return claimed;
}

async function refuseDeletedOwner<O extends KubeObject>(
  { ownerKind, owner }: Claim<any, O>,
  { client }: ControllerContext<any>,
): Promise<void> {
  const fresh = await client.get(ownerKind, owner.metadata);
  const { namespace, name, uid } = owner.metadata;
  if (fresh.metadata.uid !== uid) {
    throw new Error(`original ${ownerKind.kind} ${namespace}/${name} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`);
  }
  if (fresh.metadata.deletionTimestamp)
    throw new Error(`${namespace}/${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
}

async function adopt<T extends KubeObject, O extends KubeObject>(
  claim: Claim<T, O>,
  object: T,
  { client }: ControllerContext<any>,
): Promise<T | undefined> {
  const metadata = {
    uid: object.metadata.uid,
    ownerReferences: [controllerReference(claim.ownerKind, claim.owner)],
    ...(claim.finalizer && { finalizers: [claim.finalizer] }),
  };
  try {
    return await client.patch(claim.kind, object.metadata, "strategic", { metadata });
  } catch (error) {
    if (isNotFound(error) || isInvalid(error)) return undefined;
    throw error;
  }
}

async function release<T extends KubeObject>(claim: Claim<T, any>, object: T, { client }: ControllerContext<any>): Promise<void> {
  const metadata = {
    uid: object.metadata.uid,
    ownerReferences: [{ $patch: "delete", uid: claim.owner.metadata.uid }],
    ...(claim.finalizer && { "$deleteFromPrimitiveList/finalizers": [claim.finalizer] }),
  };
  try {
    await client.patch(claim.kind, object.metadata, "strategic", { metadata });
  } catch (error) {
    // Gone, or another object of the same name, or released already.
    if (!isNotFound(error) && !isInvalid(error)) throw error;
  }
}
