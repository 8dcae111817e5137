/**
 * Feeds every resource's cache from one watch of the store, so that all of them are at one revision.
 *
 * Read-your-writes: a writer waits until the cache has reached the revision of its commit (`reached`). Linearizable reads: with a
 * store that others write to as well, a reader first asks the store for its current revision (`current`).
 */
import { sleep, type Clock } from "../../../shared/lib/platform.ts";
import type { KeyValue, Store, Watch, WatchEventRecord } from "../../store/types.ts";
import { prefixEnd } from "../../store/types.ts";
import type { ObjectShape } from "./cached-object.ts";
import { headOf } from "./layout.ts";
import { ResourceCache } from "./resource-cache.ts";

const REGISTRY = "/registry/";

const LOAD_PAGE = 2000;

/** Where objects of an unknown resource wait until somebody defines it. */
const unknownShape: ObjectShape = {
  schema: { type: "struct", name: "", structType: "granular", fields: new Map(), dynamic: true, preserveUnknown: true },
  head: headOf("", ""),
  fields: () => ({}),
};

export interface HubOptions {
  /** Nobody else writes to the store, and it publishes an event before the write resolves. */
  exclusive: boolean;
  clock: Clock;
  /** The watch of the store broke; it is taken up again. */
  onFailure(error: Error): void;
}

interface Snapshot {
  kvs: KeyValue[];
  revision: number;
}

const RETRY_MS = 500;

export class CacheHub {
  readonly #store: Store;
  readonly #exclusive: boolean;
  readonly #options: HubOptions;
  readonly #closed = new AbortController();
  /** By the part of the key between `/registry/` and the object: `pods` or `example.com/things`. */
  readonly #caches = new Map<string, ResourceCache>();
  #waiters: { revision: number; resolve: () => void }[] = [];
  #reading: Promise<number> | undefined;
  #watch: Watch | undefined;
  #revision = 0;

  constructor(store: Store, options: HubOptions) {
    this.#store = store;
    this.#exclusive = options.exclusive;
    this.#options = options;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The cache of a resource; `path` is `pods` or `example.com/things`. */
  cache(path: string, shape: ObjectShape): ResourceCache {
    const cache = this.#cacheOf(path);
    cache.reshape(shape);
    return cache;
  }

  async start(): Promise<void> {
    const { revision, kvs } = await this.#readAll();
    for (const kv of kvs) this.#cacheOf(pathOf(kv.key)).load(kv.key, kv.value, kv.modRevision);
    for (const cache of this.#caches.values()) cache.startAt(revision);
    this.#revision = revision;
    this.#follow();
  }

  close(): void {
    this.#closed.abort();
    this.#watch?.close();
    this.#watch = undefined;
  }

  #follow(): void {
    this.#watch = this.#store.watch(REGISTRY, prefixEnd(REGISTRY), this.#revision + 1, {
      onEvents: (events, revision) => this.#apply(events, revision),
      onProgress: (revision) => this.#advance(revision),
      onError: (error) => void this.#recover(error),
    });
  }

  /** The watch broke: reads everything again, passes on what is different, and follows from there. */
  async #recover(error: Error): Promise<void> {
    this.#options.onFailure(error);
    for (;;) {
      try {
        await sleep(this.#options.clock, RETRY_MS, this.#closed.signal);
        this.#replace(await this.#readAll());
        return this.#follow();
      } catch (again) {
        if (this.#closed.signal.aborted) return;
        this.#options.onFailure(again as Error);
      }
    }
  }

  /** Changes come in the order of their revisions; what is gone goes at the revision that was read. */
  #replace({ kvs, revision }: Snapshot): void {
    const present = new Set(kvs.map((kv) => kv.key));
    for (const kv of kvs.sort((a, b) => a.modRevision - b.modRevision))
      this.#cacheOf(pathOf(kv.key)).put(kv.key, kv.value, kv.modRevision);
    for (const cache of this.#caches.values())
      for (const { key } of cache.values()) if (!present.has(key)) cache.delete(key, revision);
    this.#advance(revision);
  }

  /** Resolves when every change up to `revision` is in the caches; undefined when it is so already. */
  reached(revision: number): Promise<void> | undefined {
    if (this.#revision >= revision) return undefined;
    if (!this.#exclusive) void this.#store.requestProgress();
    return new Promise((resolve) => this.#waiters.push({ revision, resolve }));
  }

  /** After this every write acknowledged before the call is in the caches; undefined when it is so already. */
  current(): Promise<void> | undefined {
    if (this.#exclusive) return undefined;
    this.#reading ??= this.#store.currentRevision().finally(() => (this.#reading = undefined));
    return this.#reading.then((revision) => this.reached(revision));
  }

  async #readAll(): Promise<Snapshot> {
    const kvs: KeyValue[] = [];
    for (let from = REGISTRY, revision = 0; ;) {
      const page = await this.#store.range(from, prefixEnd(REGISTRY), { limit: LOAD_PAGE, revision });
      revision = page.revision;
      kvs.push(...page.kvs);
      if (!page.more) return { kvs, revision };
      from = `${page.kvs.at(-1)!.key}\0`;
    }
  }

  #apply(events: readonly WatchEventRecord[], revision: number): void {
    for (const { type, kv } of events) {
      const cache = this.#cacheOf(pathOf(kv.key));
      if (type === "put") cache.put(kv.key, kv.value, kv.modRevision);
      else cache.delete(kv.key, kv.modRevision);
    }
    this.#advance(revision);
  }

  #advance(revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    if (!this.#waiters.length) return;
    const due = this.#waiters.filter((w) => w.revision <= revision);
    this.#waiters = this.#waiters.filter((w) => w.revision > revision);
    for (const waiter of due) waiter.resolve();
  }

  #cacheOf(path: string): ResourceCache {
    let cache = this.#caches.get(path);
    if (!cache) this.#caches.set(path, (cache = new ResourceCache(`${REGISTRY}${path}/`, unknownShape, this.#revision)));
    return cache;
  }
}

/** `/registry/pods/default/a` → `pods`, `/registry/example.com/things/default/a` → `example.com/things`: a first part with a dot is a group. */
function pathOf(key: string): string {
  const first = key.indexOf("/", REGISTRY.length);
  const head = key.slice(REGISTRY.length, first);
  return head.includes(".") ? key.slice(REGISTRY.length, key.indexOf("/", first + 1)) : head;
}
