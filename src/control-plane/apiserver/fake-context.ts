/** A `ServerContext` for tests: caches that hold what a test puts into them, and no client. */
import type { Kind } from "../../shared/api/index.ts";
import { keyOf, type KubeObject } from "../../shared/apimachinery/meta.ts";
import type { SharedCache } from "../../shared/client/types.ts";
import type { ServerContext } from "./types.ts";

type Handler = Parameters<SharedCache<any>["subscribe"]>[0];

interface FakeCache extends SharedCache<any> {
  put(object: KubeObject): void;
  remove(key: string): void;
}

export interface FakeContext extends ServerContext {
  put(kind: Kind<any>, ...objects: object[]): void;
  remove(kind: Kind<any>, key: string): void;
}

export function fakeContext(now = Date.UTC(2026, 0, 1)): FakeContext {
  const caches = new Map<string, FakeCache>();
  const kinds = new Set<Kind<any>>();
  const cacheOf = (kind: Kind<any>): FakeCache => {
    const id = `${kind.group}/${kind.plural}`;
    kinds.add(kind);
    return caches.get(id) ?? caches.set(id, fakeCache()).get(id)!;
  };
  return {
    cache: cacheOf,
    client: () => {
      throw new Error("the fake context has no client");
    },
    kinds: () => kinds,
    now: () => now,
    put: (kind, ...objects) => objects.forEach((o) => cacheOf(kind).put(o as KubeObject)),
    remove: (kind, key) => cacheOf(kind).remove(key),
  };
}

function fakeCache(): FakeCache {
  const objects = new Map<string, KubeObject>();
  const handlers = new Set<Handler>();
  return {
    get: (key) => objects.get(key),
    list: () => objects.values(),
    size: () => objects.size,
    subscribe(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    put(object) {
      const key = keyOf(object.metadata);
      const old = objects.get(key);
      objects.set(key, object);
      for (const handler of handlers) handler(old ? "MODIFIED" : "ADDED", object, old);
    },
    remove(key) {
      const old = objects.get(key);
      objects.delete(key);
      if (old) for (const handler of handlers) handler("DELETED", old, old);
    },
  };
}
