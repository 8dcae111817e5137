/**
 * The history of a pod template: ControllerRevisions of StatefulSets and DaemonSets.
 *
 * The newest revision is the template as it is; going back to an older template raises that one's number instead of storing it twice.
 *
 * @source pkg/controller/history/controller_history.go v1.36
 */
import { ControllerRevision, type Kind } from "../../../shared/api/index.ts";
import type { PodTemplateSpec } from "../../../shared/api/generated/core-v1.ts";
import { isAlreadyExists, isNotFound, type Selector } from "../../../shared/apimachinery/index.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { controllerReference, isControlledBy, type ControllerContext } from "../../../shared/client/index.ts";
import { claimObjects } from "./claim.ts";
import { canonicalJson, templateHash } from "./template-hash.ts";

export interface RevisionOwner<T extends KubeObject> {
  kind: Kind<T>;
  object: T;
  template: PodTemplateSpec;
  selector: Selector;
  /** Label of the revision that carries the hash. */
  hashLabel: string;
  collisionCount: number | undefined;
}

export interface History {
  /** Oldest first, the current one among them. */
  all: ControllerRevision[];
  current: ControllerRevision;
  collisionCount: number | undefined;
}

interface RevisionData {
  spec: { template: PodTemplateSpec & { $patch?: string } };
}

export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (revision.data as unknown as RevisionData).spec.template;
  return template;
}

/** Finds or stores the revision of the template as it is. */
export async function syncHistory<T extends KubeObject>(
  owner: RevisionOwner<T>,
  context: ControllerContext<any>,
): Promise<History> {
  const { client } = context;
  const all = await claimObjects(
    { kind: ControllerRevision, ownerKind: owner.kind, owner: owner.object, selector: owner.selector },
    context,
  );
  all.sort((a, b) => a.revision - b.revision || (a.metadata.name < b.metadata.name ? -1 : 1));
  // With sorted keys, as Go's maps have them: clients compare the stored bytes with what they make of the template themselves.
  const text = canonicalJson({ spec: { template: { ...owner.template, $patch: "replace" } } });
  const data = JSON.parse(text) as RevisionData;
  const same = all.filter((r) => canonicalJson(r.data) === text).at(-1);
  const newest = all.at(-1);
  if (same && same === newest) return { all, current: same, collisionCount: owner.collisionCount };
  const revision = (newest?.revision ?? 0) + 1;
  if (!same) return create(owner, data, revision, all, context);
  const current = await client.update(ControllerRevision, { ...same, revision });
  return { all: [...all.filter((r) => r !== same), current], current, collisionCount: owner.collisionCount };
}

async function create<T extends KubeObject>(
  owner: RevisionOwner<T>,
  data: RevisionData,
  revision: number,
  all: ControllerRevision[],
  { client }: ControllerContext<any>,
): Promise<History> {
  const { object, kind, template, hashLabel } = owner;
  const { namespace, name: ownerName, annotations } = object.metadata;
  for (let collisionCount = owner.collisionCount; ; collisionCount = (collisionCount ?? 0) + 1) {
    const hash = templateHash(data, collisionCount);
    const name = `${ownerName}-${hash}`;
    const labels = { ...template.metadata?.labels, [hashLabel]: hash };
    const metadata = {
      name,
      namespace: namespace!,
      labels,
      ...(annotations && { annotations }),
      ownerReferences: [controllerReference(kind, object)],
    };
    try {
      const current = await client.create(ControllerRevision, { metadata, data: data as never, revision });
      return { all: [...all, current], current, collisionCount };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const existing = await client.get(ControllerRevision, { namespace: namespace!, name });
      if (isControlledBy(existing, object) && canonicalJson(existing.data) === canonicalJson(data)) {
        return {
          all: [...all.filter((r) => r.metadata.uid !== existing.metadata.uid), existing],
          current: existing,
          collisionCount,
        };
      }
    }
  }
}

/** Deletes the oldest revisions beyond `limit` that nobody uses. */
export async function truncateHistory(
  all: readonly ControllerRevision[],
  used: ReadonlySet<string>,
  limit: number,
  { client }: ControllerContext<any>,
): Promise<void> {
  const unused = all.filter((r) => !used.has(r.metadata.name));
  for (const { metadata } of unused.slice(0, Math.max(0, unused.length - limit))) {
    await client.delete(ControllerRevision, metadata).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}
