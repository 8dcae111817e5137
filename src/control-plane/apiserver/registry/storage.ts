/**
 * Objects to and from the store: serialized once, written with a condition, then met again in the watch cache.
 */
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { Write } from "../../store/types.ts";
import { CachedObject } from "../cache/cached-object.ts";
import { serialize } from "../cache/layout.ts";
import type { Core } from "../core.ts";
import { toVersion } from "./convert.ts";
import { storeKey, type Resource } from "./resources.ts";

export type PutResult =
  | { ok: true; entry: CachedObject }
  /** `companion`: the object itself would have been written, but this companion's condition failed. */
  | { ok: false; companion?: number };

/**
 * Writes an object. `expected`: the revision it must have now, 0 for none. The object is the cache's
 * from here on: it must not be changed any more.
 */
export async function put(
  core: Core,
  resource: Resource,
  object: KubeObject,
  expected: number,
  companions: readonly Write[] = [],
): Promise<PutResult> {
  const { namespace = "", name = "" } = object.metadata;
  const key = storeKey(resource, namespace, name);
  if (object.apiVersion !== resource.storage.kind.groupVersion) object = await toVersion(resource, object, resource.storage);
  const value = serialize(resource.storage.kind.schema, object);
  resource.cache.prepare(key, { value, object });
  try {
    const { ttlSeconds } = resource.storage.kind;
    const lease = ttlSeconds ? await core.leases.lasting(ttlSeconds) : undefined;
    const result = await core.store.commit([{ op: "put", key, value, expected, ...(lease && { lease }) }, ...companions]);
    if (!result.ok) return result.index === 0 ? { ok: false } : { ok: false, companion: result.index - 1 };
    await core.hub.reached(result.revision);
    const cached = resource.cache.get(key);
    if (cached?.revision === result.revision) return { ok: true, entry: cached };
    // Somebody wrote it again meanwhile: answer with what this request made of it.
    return { ok: true, entry: CachedObject.fromStore({ key, namespace, name }, value, resource.cache.shape, result.revision) };
  } finally {
    resource.cache.unprepare(key, value);
  }
}

/** Removes an object; resolves false where it changed or went meanwhile. */
export async function remove(core: Core, resource: Resource, entry: CachedObject): Promise<{ ok: boolean; revision: number }> {
  const write: Write = { op: "delete", key: entry.key, expected: entry.revision };
  const companions = core.companions[resource.id]?.release(core, entry.object) ?? [];
  const result = await core.store.commit([write, ...companions]);
  if (result.ok) await core.hub.reached(result.revision);
  return { ok: result.ok, revision: result.revision };
}
