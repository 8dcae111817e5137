/**
 * Doors: what can be written through the object itself and what through `/status`. What a door may not write keeps its old value.
 */
import type { Kind } from "../../../shared/api/kind.ts";
import { decodeValue } from "../../../shared/apimachinery/decode.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { resetPaths } from "../../../shared/apimachinery/patch/reset-fields.ts";

type Members = Record<string, unknown>;

const hasStatus = (kind: Kind<any>) => kind.subresources.some((s) => s.name === "status");

const pathsOf = (kind: Kind<any>, subresource: string) =>
  resetPaths({
    group: kind.group,
    kind: kind.kind,
    subresource,
    hasStatus: hasStatus(kind),
    custom: Boolean(kind.schema.dynamic),
  });

/** A new object comes without status: what Go would write for an empty one. */
export function resetForCreate(kind: Kind<any>, object: KubeObject): void {
  if (!hasStatus(kind) || kind.statusOnCreate) return;
  const members = object as unknown as Members;
  const field = kind.schema.fields.get("status");
  if (field?.emitZero && !field.ptr && field.schema.type === "struct") members.status = decodeValue(field.schema, {}).object;
  else delete members.status;
}

export function resetForUpdate(kind: Kind<any>, subresource: string, object: KubeObject, old: KubeObject): void {
  const narrow = kind.doors?.[subresource];
  if (narrow) {
    keepMetadata(object, old);
    narrow(object, old);
    return;
  }
  if (subresource === "status" && kind.schema.dynamic) return keepAllBut("status", object, old);
  for (const path of pathsOf(kind, subresource)) {
    if (subresource === "status" && kind.writtenThroughStatus?.includes(path)) continue;
    if (path === "metadata") keepMetadata(object, old);
    else keep(object as unknown as Members, old as unknown as Members, path.split("."));
  }
}

function keepAllBut(field: string, object: KubeObject, old: KubeObject): void {
  const [members, was] = [object, old] as unknown as Members[];
  const { managedFields, resourceVersion } = object.metadata;
  for (const key of new Set([...Object.keys(members!), ...Object.keys(was!)]))
    if (key !== field && key !== "metadata" && key !== "kind" && key !== "apiVersion") keep(members!, was, [key]);
  object.metadata = { ...old.metadata, resourceVersion, ...(managedFields && { managedFields }) };
  if (!managedFields) delete object.metadata.managedFields;
}

const CLIENTS_METADATA = ["labels", "annotations", "finalizers", "ownerReferences"];

/** What a client may set keeps its old value; the record of owners is new. */
function keepMetadata(object: KubeObject, old: KubeObject): void {
  for (const name of CLIENTS_METADATA) keep(object.metadata as unknown as Members, old.metadata as unknown as Members, [name]);
}

/** `object` gets the value that `old` has at this path, or loses it. */
function keep(object: Members, old: Members | undefined, [head, ...rest]: string[]): void {
  if (rest.length) {
    if (object[head!] === undefined && old?.[head!] === undefined) return;
    keep((object[head!] ??= {}) as Members, old?.[head!] as Members | undefined, rest);
  } else if (old?.[head!] === undefined) delete object[head!];
  else object[head!] = old[head!];
}
