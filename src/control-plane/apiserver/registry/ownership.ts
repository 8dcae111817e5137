/** managedFields of what is written, by the rules of field management. */
import type { KubeObject, ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import { fieldScope } from "../../../shared/apimachinery/patch/scope.ts";
import { ownershipOfCreated, ownershipOfUpdated, type Writer } from "../../../shared/apimachinery/patch/ownership.ts";
import { managerOf, type Operation } from "./operation.ts";

export function writerOf(op: Operation): Writer {
  return { scope: fieldScope(op.served.kind, op.info.subresource), manager: managerOf(op), now: op.now };
}

type ManagedFields = ObjectMeta["managedFields"];

/** `object` in the version of the request, before admission. */
export function ownCreated(op: Operation, object: KubeObject): void {
  set(object, ownershipOfCreated(object, writerOf(op)) as ManagedFields);
}

export function ownUpdated(op: Operation, live: KubeObject, object: KubeObject): void {
  set(object, ownershipOfUpdated(live, object, writerOf(op)) as ManagedFields);
}

export function set(object: KubeObject, entries: ManagedFields): void {
  if (entries?.length) object.metadata.managedFields = entries;
  else delete object.metadata.managedFields;
}
