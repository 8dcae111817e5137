/** managedFields of what is written, by the rules of field management. */
import type { KubeObject, ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import { fieldScope, ownershipOfCreated, ownershipOfUpdated, type Writer } from "../../../shared/apimachinery/patch/index.ts";
import { managerOf, type Operation } from "./operation.ts";

export function writerOf(op: Operation): Writer {
  return { scope: fieldScope(op.served.kind, op.info.subresource), manager: managerOf(op), now: op.now };
}

type ManagedFields = ObjectMeta["managedFields"];

/** `object` in the version of the request, before admission. */
export function ownCreated(op: Operation, object: KubeObject): void {
  setOwners(object, ownershipOfCreated(object, writerOf(op)));
}

export function ownUpdated(op: Operation, live: KubeObject, object: KubeObject): void {
  setOwners(object, ownershipOfUpdated(live, object, writerOf(op)));
}

export function setOwners(object: KubeObject, managedFields: readonly unknown[] | undefined): void {
  if (managedFields?.length) object.metadata.managedFields = managedFields as ManagedFields;
  else delete object.metadata.managedFields;
}
