/** The informer inside the API server's process: a live view of its cache, with indexes and handlers of its own and no second copy. */
import type { Kind } from "../api/kind.ts";
import type { KubeObject } from "../apimachinery/meta.ts";
import type { Logger } from "../lib/logger.ts";
import { InformerBase } from "./informer-base.ts";
import { sleep, type Clock } from "../lib/platform.ts";
import type { SharedCache, Transport } from "./types.ts";

const RETRY_MS = 1000;

export class SharedInformer<T extends KubeObject> extends InformerBase<T> {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #abort = new AbortController();
  readonly #view: { cache?: SharedCache<T> };

  constructor(transport: Transport, kind: Kind<T>, clock: Clock, log: Logger) {
    const view: { cache?: SharedCache<T> } = {};
    super(
      kind,
      { get: (key) => view.cache?.get(key), list: () => view.cache?.list() ?? [], size: () => view.cache?.size() ?? 0 },
      log,
    );
    this.#view = view;
    this.#transport = transport;
    this.#clock = clock;
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
        return this.#follow(await this.#transport.sharedCache!(this.kind));
      } catch (error) {
        this.#log.warn({ err: error, kind: this.kind.kind }, "no view of the server's cache yet");
        await sleep(this.#clock, RETRY_MS, signal).catch(() => {});
      }
    }
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
