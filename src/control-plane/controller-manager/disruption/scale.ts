/** How many pods the controllers of these pods want: the base of percentages in a budget. */
import { Deployment, Pod, ReplicaSet, ReplicationController, StatefulSet, type Kind } from "../../../shared/api/index.ts";
import { isNotFound } from "../../../shared/apimachinery/index.ts";
import type { OwnerReference } from "../../../shared/apimachinery/meta.ts";
import { controllerOf, refersTo, type ControllerContext } from "../../../shared/client/index.ts";
import { discoverKinds } from "../common/discovery.ts";

export interface Expected {
  count: number;
  /** Pods without a controller: nobody says how many of them there should be. */
  unmanaged: string[];
}

/** @throws Error where a pod's controller has no scale. */
export async function expectedScale(pods: readonly Pod[], context: ControllerContext<any>): Promise<Expected> {
  const scales = new Map<string, number>();
  const unmanaged: string[] = [];
  const asked = new Set<string>();
  for (const pod of pods) {
    const reference = controllerOf(pod);
    if (!reference) unmanaged.push(pod.metadata.name);
    else if (!asked.has(reference.uid)) {
      asked.add(reference.uid);
      const found = await scaleOf(reference, pod.metadata.namespace!, context);
      if (!found) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
      scales.set(found.uid, found.replicas);
    }
  }
  return { count: [...scales.values()].reduce((a, b) => a + b, 0), unmanaged };
}

interface Scale {
  uid: string;
  replicas: number;
}

const SIMPLE: readonly Kind<any>[] = [ReplicationController, StatefulSet];

async function scaleOf(
  reference: OwnerReference,
  namespace: string,
  context: ControllerContext<any>,
): Promise<Scale | undefined> {
  const { cache } = context;
  const key = `${namespace}/${reference.name}`;
  if (refersTo(reference, ReplicaSet)) {
    const set = cache.get(ReplicaSet, key);
    if (set?.metadata.uid !== reference.uid) return undefined;
    const parent = controllerOf(set);
    const deployment = parent && refersTo(parent, Deployment) ? cache.get(Deployment, `${namespace}/${parent.name}`) : undefined;
    return scaleFrom(deployment?.metadata.uid === parent?.uid ? (deployment ?? set) : set);
  }
  for (const kind of SIMPLE) {
    if (!refersTo(reference, kind)) continue;
    const object = cache.get(kind, key);
    return object?.metadata.uid === reference.uid ? scaleFrom(object) : undefined;
  }
  return scaleByApi(reference, namespace, context);
}

const scaleFrom = ({ metadata, spec }: { metadata: { uid: string }; spec?: { replicas?: number } }): Scale => ({
  uid: metadata.uid,
  replicas: spec?.replicas ?? 1,
});

/** Any other kind with a scale subresource, custom ones among them. */
async function scaleByApi(
  reference: OwnerReference,
  namespace: string,
  { client }: ControllerContext<any>,
): Promise<Scale | undefined> {
  const { kinds } = await discoverKinds(client);
  const kind = kinds.find((k) => refersTo(reference, k));
  if (!kind) return undefined;
  try {
    const scale = await client.subresource<{ metadata: { uid: string }; spec?: { replicas?: number } }>(
      kind,
      { namespace, name: reference.name },
      "scale",
      { method: "GET" },
    );
    return scale.metadata.uid === reference.uid ? { uid: reference.uid, replicas: scale.spec?.replicas ?? 0 } : undefined;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new Error(`${kind.plural}.${kind.group} does not implement the scale subresource`, { cause: error });
  }
}
