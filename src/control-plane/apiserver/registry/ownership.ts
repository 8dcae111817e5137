/** managedFields of what is written, by the rules of field management. */
import type { KubeObject, ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import type { Kind } from "../../../shared/api/kind.ts";
import {
  deepCopy,
  fieldScope,
  ownershipOfCreated,
  ownershipOfUpdated,
  type Writer,
} from "../../../shared/apimachinery/patch/index.ts";
import { hubOf, toVersion } from "./convert.ts";
import { managerOf, type Operation } from "./operation.ts";

/** Who writes, through which door; `kind` is that of the written document where it is not the path's (a scale). */
export function writerOf(op: Operation, kind: Kind<any> = op.served.kind): Writer {
  return {
    scope: fieldScope(kind, op.info.subresource),
    manager: managerOf(op),
    now: op.now,
    inVersion: kind === op.served.kind ? (object, apiVersion) => inVersion(op, object, apiVersion) : undefined,
  };
}

type InVersion = NonNullable<Writer["inVersion"]>;

/** For entries that were recorded in another served version. */
function inVersion({ served: { resource, kind } }: Operation, object: object, apiVersion: string): ReturnType<InVersion> {
  const served = resource.served.get(apiVersion);
  if (!served || served.kind.group !== kind.group) return undefined; // another group's Events are not followed
  const converted = toVersion(resource, deepCopy(object) as KubeObject, served);
  // Differs: entries of another version are not followed where a webhook would have to convert.
  if (converted instanceof Promise) return undefined;
  return { object: converted as unknown as Record<string, unknown>, schema: served.kind.schema };
}

type ManagedFields = ObjectMeta["managedFields"];

/** `object` in the version of the request, before admission. */
export function ownCreated(op: Operation, object: KubeObject): void {
  setOwners(object, ownershipOfCreated(asStored(op, object), writerOf(op)));
}

export function ownUpdated(op: Operation, live: KubeObject, object: KubeObject, kind?: Kind<any>): void {
  setOwners(object, ownershipOfUpdated(live, kind ? object : asStored(op, object), writerOf(op, kind)));
}

/** As it comes back from the stored version: what the sent one has no field for stands in annotations. */
function asStored({ served }: Operation, object: KubeObject): KubeObject {
  const { resource } = served;
  const hub = hubOf(served);
  if (object.apiVersion === hub.kind.groupVersion) return object;
  const stored = toVersion(resource, deepCopy(object), hub);
  const back = stored instanceof Promise ? object : toVersion(resource, stored, served);
  return back instanceof Promise ? object : back;
}

export function setOwners(object: KubeObject, managedFields: readonly unknown[] | undefined): void {
  if (managedFields?.length) object.metadata.managedFields = managedFields as ManagedFields;
  else delete object.metadata.managedFields;
}
