/** Changes a stored object from inside the server, without a request of its own: read, change, write if nobody was faster. */
import { conflict, notFound } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { deepCopy } from "../../../shared/apimachinery/patch/index.ts";
import type { Core } from "../core.ts";
import { storeKey, type Served } from "./resources.ts";
import { put } from "./storage.ts";

export interface MutateOptions {
  dryRun: boolean;
  uid?: string;
  resourceVersion?: string;
}

/** `change` gets a copy of the stored version and may throw. Resolves with what was stored. */
export async function mutate<T extends KubeObject>(
  core: Core,
  served: Served,
  { namespace, name }: { namespace: string; name: string },
  options: MutateOptions,
  change: (object: T) => void,
): Promise<KubeObject> {
  const { resource, ref } = served;
  const key = storeKey(resource, namespace, name);
  for (;;) {
    await core.hub.current();
    const entry = resource.cache.get(key);
    if (!entry) throw notFound(ref, name);
    const { uid } = entry.object.metadata;
    const failed = (what: string, wanted: string, found: string) =>
      conflict(
        ref,
        name,
        `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`,
      );
    if (options.uid && options.uid !== uid) throw failed("UID", options.uid, uid);
    if (options.resourceVersion && options.resourceVersion !== String(entry.revision))
      throw failed("ResourceVersion", options.resourceVersion, String(entry.revision));
    const object = deepCopy(entry.object) as T;
    change(object);
    if (options.dryRun) return object;
    const written = await put(core, resource, object, entry.revision);
    if (written.ok) return written.entry.object;
  }
}
