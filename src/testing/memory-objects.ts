/**
 * Objects in memory with real informers over them, for components that only read: a test puts and removes objects, the
 * component sees the events. No server, no validation, no defaults.
 */
import type { Kind } from "../shared/api/index.ts";
import { keyOf, type KubeObject } from "../shared/apimachinery/meta.ts";
import {
  createInformerFactory,
  deepFreeze,
  type Client,
  type InformerFactory,
  type SharedCache,
  type Transport,
} from "../shared/client/index.ts";

type Handler = Parameters<SharedCache<any>["subscribe"]>[0];

export class MemoryObjects {
  readonly #kinds = new Map<string, { objects: Map<string, KubeObject>; handlers: Set<Handler> }>();
  readonly informers: InformerFactory;

  constructor() {
    const refuse = () => Promise.reject(new Error("objects in memory are not served"));
    const transport: Transport = {
      request: refuse,
      watch: refuse as never,
      sharedCache: (kind) => Promise.resolve(this.#cache(kind)),
      close: () => {},
    };
    this.informers = createInformerFactory({ transport } as Client);
  }

  /** Adds an object, or replaces the one of its name. */
  put<T extends KubeObject>(kind: Kind<T>, object: T): void {
    const { objects, handlers } = this.#of(kind);
    const old = objects.get(keyOf(object.metadata));
    objects.set(keyOf(object.metadata), deepFreeze(object));
    for (const handler of handlers) handler(old ? "MODIFIED" : "ADDED", object, old);
  }

  remove(kind: Kind<any>, key: string): void {
    const { objects, handlers } = this.#of(kind);
    const old = objects.get(key);
    if (!old) return;
    objects.delete(key);
    for (const handler of handlers) handler("DELETED", old, old);
  }

  #of(kind: Kind<any>) {
    const id = `${kind.groupVersion}/${kind.plural}`;
    let found = this.#kinds.get(id);
    if (!found) this.#kinds.set(id, (found = { objects: new Map(), handlers: new Set() }));
    return found;
  }

  #cache<T extends KubeObject>(kind: Kind<T>): SharedCache<T> {
    const { objects, handlers } = this.#of(kind);
    return {
      get: (key) => objects.get(key) as T | undefined,
      list: () => objects.values() as Iterable<T>,
      size: () => objects.size,
      subscribe: (handler) => (handlers.add(handler), () => handlers.delete(handler)),
    };
  }
}
