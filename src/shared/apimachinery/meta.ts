/** The parts every object has, and the names objects are known by. */
import type { ListMeta, ObjectMeta } from "./generated/meta-v1.ts";

export type { ObjectMeta, OwnerReference, LabelSelector, Condition } from "./generated/meta-v1.ts";

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export interface KubeList<T = KubeObject> {
  apiVersion: string;
  kind: string;
  metadata: ListMeta;
  items: T[];
}

/** What a caller writes to create an object: any part may be missing, the server fills it in. */
export type Draft<T> = T extends (infer U)[] ? Draft<U>[] : T extends object ? { [K in keyof T]?: Draft<T[K]> } : T;

/** `namespace/name`, or `name` alone for a cluster-scoped object: the key of caches and work queues. */
export function keyOf(metadata: { name?: string; namespace?: string }): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : (metadata.name ?? "");
}

/** `apps/v1`, or `v1` for the core group. */
export function groupVersionOf(kind: { group: string; version: string }): string {
  return kind.group ? `${kind.group}/${kind.version}` : kind.version;
}
