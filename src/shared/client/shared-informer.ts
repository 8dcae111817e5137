/** The informer inside the API server's process: a live view of its cache, with indexes and handlers of its own and no second copy. */
import type { Kind } from "../api/kind.ts";
import type { KubeObject } from "../apimachinery/meta.ts";
import type { Logger } from "../lib/logger.ts";
import { InformerBase } from "./informer-base.ts";
import { pause, type Platform } from "../lib/platform.ts";
import type { Client, SharedCache } from "./types.ts";
import { WatchInformer } from "./watch-informer.ts";

const RETRY_MS = 1000;

type View<T extends KubeObject> = { cache?: Omit<SharedCache<T>, "subscribe"> };

export class SharedInformer<T extends KubeObject> extends InformerBase<T> {
  readonly #client: Client;
  readonly #platform: Platform;
  readonly #log: Logger;
  readonly #abort = new AbortController();
  readonly #view: View<T>;

  constructor(client: Client, kind: Kind<T>, platform: Platform, log: Logger) {
    const view: View<T> = {};
    super(
      kind,
      { get: (key) => view.cache?.get(key), list: () => view.cache?.list() ?? [], size: () => view.cache?.size() ?? 0 },
      log,
    );
    this.#view = view;
    this.#client = client;
    this.#platform = platform;
    this.#log = log;
  }

  close(): void {
    this.#abort.abort();
  }

  protected run(): void {
    void this.#attach();
  }

  async #attach(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        const cache = await this.#client.transport.sharedCache!(this.kind);
        return cache ? this.#follow(cache) : this.#watch();
      } catch (error) {
        this.#log.warn({ err: error, kind: this.kind.kind }, "no view of the server's cache yet");
        await pause(this.#platform.clock, RETRY_MS, signal);
      }
    }
  }

  /** The server has no view of this kind: it is listed and watched like over a wire. */
  #watch(): void {
    const { signal } = this.#abort;
    const watched = new WatchInformer(this.#client, this.kind, {}, this.#platform, this.#log);
    signal.addEventListener("abort", () => watched.close(), { once: true });
    if (signal.aborted) return;
    const { cache } = watched;
    this.#view.cache = { get: (key) => cache.get(key), list: () => cache.list(), size: () => cache.size() };
    watched.onEvent({
      added: (object) => this.dispatch(object, undefined),
      updated: (object, old) => this.dispatch(object, old),
      deleted: (object) => this.dispatch(undefined, object),
    });
    watched.start();
    watched.whenSynced(signal).then(
      () => this.markSynced(),
      () => {},
    );
  }

  /** No await between the first objects and the subscription: nothing falls between them. */
  #follow(cache: SharedCache<T>): void {
    if (this.#abort.signal.aborted) return;
    this.#view.cache = cache;
    for (const object of cache.list()) this.dispatch(object, undefined);
    const stop = cache.subscribe((type, object, old) => {
      if (type === "DELETED") this.dispatch(undefined, old ?? object);
      else this.dispatch(object, old);
    });
    this.#abort.signal.addEventListener("abort", stop, { once: true });
    this.markSynced();
  }
}
