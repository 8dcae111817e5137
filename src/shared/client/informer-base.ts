/** What both informers have in common: the cache, the handlers, and the moment of being in step. */
import type { Kind } from "../api/kind.ts";
import type { KubeObject } from "../apimachinery/meta.ts";
import type { Logger } from "../lib/logger.ts";
import { IndexedCache, type ObjectSource } from "./indexed-cache.ts";
import type { EventHandlers, Indexer, Informer } from "./types.ts";

export abstract class InformerBase<T extends KubeObject> implements Informer<T> {
  readonly kind: Kind<T>;
  readonly cache: IndexedCache<T>;
  readonly #log: Logger;
  readonly #handlers = new Set<EventHandlers<T>>();
  #synced = false;
  #started = false;
  #waiting: (() => void)[] = [];

  constructor(kind: Kind<T>, source: ObjectSource<T>, log: Logger) {
    this.kind = kind;
    this.cache = new IndexedCache(source, kind.scope === "Namespaced");
    this.#log = log;
  }

  onEvent(handlers: EventHandlers<T>): () => void {
    if (this.#synced) for (const object of this.cache.list()) this.#call(() => handlers.added?.(object));
    this.#handlers.add(handlers);
    return () => this.#handlers.delete(handlers);
  }

  addIndex(name: string, indexer: Indexer<T>): void {
    this.cache.addIndex(name, indexer);
  }

  synced(): boolean {
    return this.#synced;
  }

  whenSynced(signal?: AbortSignal): Promise<void> {
    if (this.#synced) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => reject(signal!.reason);
      signal?.addEventListener("abort", stop, { once: true });
      this.#waiting.push(() => (signal?.removeEventListener("abort", stop), resolve()));
    });
  }

  /** Begins once; later calls do nothing. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.run();
  }

  abstract close(): void;

  protected abstract run(): void;

  protected markSynced(): void {
    this.#synced = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Indexes first, then handlers: a handler reads a cache that has the change. */
  protected dispatch(object: T | undefined, old: T | undefined): void {
    this.cache.changed(object, old);
    for (const handlers of this.#handlers) {
      this.#call(() => {
        if (!object) handlers.deleted?.(old!);
        else if (old) handlers.updated?.(object, old);
        else handlers.added?.(object);
      });
    }
  }

  /** One handler's fault is logged and does not stop the others. */
  #call(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#log.error({ err: error, kind: this.kind.kind }, "an event handler failed");
    }
  }
}
