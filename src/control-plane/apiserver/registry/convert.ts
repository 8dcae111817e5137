/** A cached object in the version that is asked for, made once per revision and version. */
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { deepFreeze, type CachedObject } from "../cache/cached-object.ts";
import { serialize, withRevision } from "../cache/layout.ts";
import type { Served } from "./resources.ts";

/** The object in the served version; a promise only where a webhook converts. */
export function objectOf(entry: CachedObject, served: Served): KubeObject {
  if (entry.head === served.head) return entry.object;
  return entry.derived(served.kind.groupVersion, () => deepFreeze(converted(entry, served)));
}

/** Its JSON in the served version. */
export function bytesOf(entry: CachedObject, served: Served): Buffer {
  if (entry.head === served.head) return entry.bytes;
  return entry.derived(`${served.kind.groupVersion} json`, () =>
    withRevision(serialize(objectOf(entry, served)), served.head, entry.revision),
  );
}

function converted(entry: CachedObject, served: Served): KubeObject {
  const { convert } = served.resource;
  const copy = structuredClone(entry.object);
  const object = convert ? convert(copy, served.kind) : { ...copy, apiVersion: served.kind.groupVersion };
  if (object instanceof Promise) throw new Error("conversion by webhook has to be awaited");
  object.metadata.resourceVersion = String(entry.revision);
  return object;
}
