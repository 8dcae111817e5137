/**
 * The informer over a wire: list, then watch from the list's revision, for as long as it lives.
 *
 * The watch is taken up again from the last revision seen (bookmarks count); a revision that the server has forgotten (410) means a new
 * list, whose differences to the cache become events. Errors wait 0.8 to 30 s, growing, with jitter; a server that is out of reach is
 * asked again within 5 s, so that a node goes on soon after it is back.
 *
 * @source staging/src/k8s.io/client-go/tools/cache/reflector.go v1.36
 */
import type { Kind } from "../api/kind.ts";
import { isExpired } from "../apimachinery/errors.ts";
import { keyOf, type KubeObject } from "../apimachinery/meta.ts";
import type { Logger } from "../lib/logger.ts";
import { pause, type Platform } from "../lib/platform.ts";
import { deepFreeze } from "./freeze.ts";
import { InformerBase } from "./informer-base.ts";
import { isUnreachable } from "./outage.ts";
import { resourcePath } from "./paths.ts";
import type { Client, InformerOptions, WatchEvent } from "./types.ts";

const FIRST_WAIT_MS = 800;
const LONGEST_WAIT_MS = 30_000;
const LONGEST_WAIT_UNREACHABLE_MS = 5_000;
/** A watch that lived this long clears the backoff. */
const HEALTHY_MS = 5_000;
const MIN_WATCH_SECONDS = 300;

export class WatchInformer<T extends KubeObject> extends InformerBase<T> {
  readonly #client: Client;
  readonly #options: InformerOptions;
  readonly #platform: Platform;
  readonly #log: Logger;
  readonly #objects: Map<string, T>;
  readonly #abort = new AbortController();
  #revision = "";

  constructor(client: Client, kind: Kind<T>, options: InformerOptions, platform: Platform, log: Logger) {
    const objects = new Map<string, T>();
    super(kind, { get: (key) => objects.get(key), list: () => objects.values(), size: () => objects.size }, log);
    this.#objects = objects;
    this.#client = client;
    this.#options = options;
    this.#platform = platform;
    this.#log = log;
  }

  close(): void {
    this.#abort.abort();
  }

  protected run(): void {
    void this.#loop();
  }

  async #loop(): Promise<void> {
    const { signal } = this.#abort;
    const { clock, random } = this.#platform;
    let failures = 0;
    while (!signal.aborted) {
      const began = clock.monotonic();
      let longest = LONGEST_WAIT_MS;
      try {
        if (!this.#revision) await this.#list();
        await this.#watch();
        if (clock.monotonic() - began > HEALTHY_MS) failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (isUnreachable(error)) longest = LONGEST_WAIT_UNREACHABLE_MS;
        if (isExpired(error)) this.#revision = "";
        else this.#log.warn({ err: error, kind: this.kind.kind }, "list or watch failed, will be repeated");
        failures = clock.monotonic() - began > HEALTHY_MS ? 1 : failures + 1;
      }
      // A watch that ended at once is as bad as an error: never spin.
      const healthy = failures === 0 && clock.monotonic() - began > HEALTHY_MS;
      const wait = healthy ? 0 : Math.min(FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1), longest) * (0.5 + random.next() / 2);
      if (wait) await pause(clock, wait, signal);
    }
  }

  async #list(): Promise<void> {
    const list = await this.#client.list(this.kind, { ...this.#options, signal: this.#abort.signal });
    const seen = new Map<string, T>();
    for (const item of list.items) seen.set(keyOf(item.metadata), item);
    for (const [key, old] of this.#objects) if (!seen.has(key)) this.#apply(key, undefined, old);
    for (const [key, item] of seen) {
      const old = this.#objects.get(key);
      if (old?.metadata.resourceVersion !== item.metadata.resourceVersion) this.#apply(key, this.#complete(item), old);
    }
    this.#revision = list.metadata.resourceVersion ?? "";
    this.markSynced();
  }

  async #watch(): Promise<void> {
    const timeout = Math.round(MIN_WATCH_SECONDS * (1 + this.#platform.random.next()));
    const events = this.#client.transport.watch({
      method: "GET",
      path: resourcePath(this.kind, this.#options.namespace),
      query: {
        watch: "true",
        allowWatchBookmarks: "true",
        resourceVersion: this.#revision,
        timeoutSeconds: String(timeout),
        labelSelector: this.#options.labelSelector,
        fieldSelector: this.#options.fieldSelector,
      },
      signal: this.#abort.signal,
    }) as AsyncIterable<WatchEvent<T>>;
    for await (const event of events) this.#onEvent(event);
  }

  #onEvent({ type, object }: WatchEvent<T>): void {
    const revision = object.metadata.resourceVersion;
    if (type !== "BOOKMARK") {
      const key = keyOf(object.metadata);
      const old = this.#objects.get(key);
      if (type === "DELETED") this.#apply(key, undefined, this.#complete(object), old !== undefined);
      else this.#apply(key, this.#complete(object), old);
    }
    if (revision) this.#revision = revision;
  }

  /** `old` of a deletion is the last state as the server tells it. */
  #apply(key: string, object: T | undefined, old: T | undefined, known = true): void {
    const before = this.#objects.get(key);
    if (object) this.#objects.set(key, object);
    else this.#objects.delete(key);
    if (!object && !known) return;
    // Indexes must forget what they held, which is the state before, not the one a deletion brings.
    if (!object && before && before !== old) {
      this.cache.changed(undefined, before);
      this.dispatch(undefined, old);
    } else {
      this.dispatch(object, old);
    }
  }

  /** Items of a typed list carry no apiVersion and kind: every object of a cache does. */
  #complete(object: T): T {
    if (!object.kind) {
      object.kind = this.kind.kind;
      object.apiVersion = this.kind.groupVersion;
    }
    return deepFreeze(object);
  }
}
