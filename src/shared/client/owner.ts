/** Owner references: who controls an object, and the reference that says so. */
import type { Kind } from "../api/kind.ts";
import { groupVersionOf, type KubeObject, type OwnerReference } from "../apimachinery/meta.ts";

/** Name of the index every owned kind gets: objects by the uid of their controller. */
export const CONTROLLER_UID = "controllerUid";

export function controllerOf(object: { metadata: { ownerReferences?: OwnerReference[] } }): OwnerReference | undefined {
  const references = object.metadata.ownerReferences;
  return references?.find((r) => r.controller);
}

export function isControlledBy(object: KubeObject, owner: { metadata: { uid: string } }): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

export function controllerUid(object: KubeObject): string[] {
  const controller = controllerOf(object);
  return controller ? [controller.uid] : [];
}

/** The reference that makes `owner` the controller of an object. */
export function controllerReference(kind: Kind<any>, owner: { metadata: { name: string; uid: string } }): OwnerReference {
  return {
    apiVersion: groupVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Any version of the group counts: references outlive versions. */
export function refersTo(reference: OwnerReference, kind: Kind<any>): boolean {
  const slash = reference.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : reference.apiVersion.slice(0, slash);
  return reference.kind === kind.kind && group === kind.group;
}
