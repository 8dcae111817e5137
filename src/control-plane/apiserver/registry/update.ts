/** PUT of an existing object. */
import { badRequest, conflict, invalid } from "../../../shared/apimachinery/errors.ts";
import { invalidValue } from "../../../shared/apimachinery/field-error.ts";
import type { ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import type { Result } from "../chain/types.ts";
import { decodeObject } from "../negotiation/decode.ts";
import { matchNamespace } from "./create.ts";
import type { Operation } from "./operation.ts";
import { present } from "./read.ts";
import { put } from "./storage.ts";

export const LOCKED = "the object has been modified; please apply your changes to the latest version and try again";

export async function update(op: Operation): Promise<Result> {
  const object = await decodeObject(op);
  const { kind, ref, kindRef, resource } = op.served;
  const { name, namespace } = op.info;
  const meta = object.metadata;
  matchNamespace(op, object);
  if (!meta.name) meta.name = name;
  if (meta.name !== name) throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${name})`);
  const wanted = meta.resourceVersion;
  for (;;) {
    const old = present(op.served, namespace, name);
    if (wanted && wanted !== String(old.revision)) throw conflict(ref, name, LOCKED);
    if (!wanted && kind.requireResourceVersion)
      throw invalid(kindRef, name, [invalidValue("metadata.resourceVersion", "", "must be specified for an update")]);
    const before = old.object;
    const next = structuredClone(object);
    const status = (o: object) => (o as { status?: unknown }).status;
    if (op.subresource?.name === "status") {
      const base = structuredClone(before) as typeof next;
      (base as { status?: unknown }).status = status(next);
      Object.assign(next, base);
      for (const key of Object.keys(next)) if (!(key in base)) delete (next as unknown as Record<string, unknown>)[key];
    } else if (kind.subresources.some((s) => s.name === "status")) {
      if (status(before) === undefined) delete (next as { status?: unknown }).status;
      else (next as { status?: unknown }).status = structuredClone(status(before));
    }
    delete (next.metadata as Partial<ObjectMeta>).resourceVersion;
    next.metadata.uid = before.metadata.uid;
    next.metadata.creationTimestamp = before.metadata.creationTimestamp;
    if (before.metadata.deletionTimestamp) next.metadata.deletionTimestamp = before.metadata.deletionTimestamp;
    const written = await put(op.core, resource, next, old.revision);
    if (written.ok) return { type: "entry", code: 200, served: op.served, entry: written.entry };
    if (wanted) throw conflict(ref, name, LOCKED);
  }
}
