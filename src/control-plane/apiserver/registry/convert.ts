/**
 * Versions of one resource: what is decoded, stored, cached and answered need not be the same version.
 *
 * A cached object is converted and encoded once per revision and version. Only a resource whose versions a webhook converts is
 * ever awaited.
 */
import { invariant } from "../../../shared/lib/invariant.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { deepFreeze } from "../../../shared/client/index.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import { serialize, withRevision } from "../cache/layout.ts";
import type { Resource, Served } from "./resources.ts";

type Maybe<T> = T | Promise<T>;

/**
 * The version in which an object is admitted and validated: the stored one, but a custom resource is judged by the rules of the
 * version it was sent in.
 */
export function hubOf(served: Served): Served {
  return served.kind.schema.dynamic ? served : served.resource.storage;
}

/** From any version of the resource to this one; the object is used up. */
export function toVersion(resource: Resource, object: KubeObject, to: Served): Maybe<KubeObject> {
  if (object.apiVersion === to.kind.groupVersion) return object;
  if (resource.convert) return resource.convert(object, to.kind);
  object.apiVersion = to.kind.groupVersion;
  return object;
}

/** The cached object in the served version, frozen. */
export function objectOf(entry: CachedObject, served: Served): KubeObject {
  if (entry.head === served.head) return entry.object;
  const object = entry.derived(served.kind.groupVersion, () => converted(entry, served));
  invariant(!(object instanceof Promise), "a conversion by webhook has to be awaited");
  return object;
}

/** Its JSON in the served version. */
export function bytesOf(entry: CachedObject, served: Served): Buffer {
  if (entry.head === served.head) return entry.bytes;
  const make = () => withRevision(serialize(served.kind.schema, objectOf(entry, served)), served.head, entry.revision);
  return entry.derived(`${served.kind.groupVersion} json`, make);
}

/** Has to be called before `objectOf` or `bytesOf` where a webhook converts; undefined: nothing to wait for. */
export function prepared(entry: CachedObject, served: Served): Promise<unknown> | undefined {
  if (entry.head === served.head) return undefined;
  const form = served.kind.groupVersion;
  const object = entry.derived<Maybe<KubeObject>>(form, () => converted(entry, served));
  if (!(object instanceof Promise)) return undefined;
  return object.then(
    (o) => entry.replaceDerived(form, o),
    (error: unknown) => {
      // The next reader tries again.
      entry.replaceDerived(form, undefined);
      throw error;
    },
  );
}

function converted(entry: CachedObject, served: Served): Maybe<KubeObject> {
  const finish = (object: KubeObject) => {
    object.metadata.resourceVersion = String(entry.revision);
    return deepFreeze(object);
  };
  const object = toVersion(served.resource, structuredClone(entry.object), served);
  return object instanceof Promise ? object.then(finish) : finish(object);
}
