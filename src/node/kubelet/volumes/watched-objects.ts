/**
 * ConfigMaps and Secrets that pods of this node use: each is watched by its name alone, which is all that a node may see, for as long as a
 * pod needs it.
 *
 * @source pkg/kubelet/util/manager/watch_based_manager.go v1.36
 */
import type { Kind } from "../../../shared/api/kind.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { Client } from "../../../shared/client/index.ts";
import type { Logger } from "../../../shared/lib/logger.ts";
import { pause, type Clock } from "../../../shared/lib/platform.ts";

const RETRY_MS = 2_000;

interface Entry<T> {
  object: T | undefined;
  ready: Promise<void>;
  users: Set<string>;
  abort: AbortController;
}

export interface WatchedOptions {
  client: Client;
  clock: Clock;
  log: Logger;
  /** Called with the uid of each pod that uses an object that changed. */
  onChange(podUid: string): void;
}

export class WatchedObjects<T extends KubeObject> {
  readonly #kind: Kind<T>;
  readonly #options: WatchedOptions;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(kind: Kind<T>, options: WatchedOptions) {
    this.#kind = kind;
    this.#options = options;
  }

  /** The object as it is now, on behalf of a pod; undefined: there is none. */
  async get(namespace: string, name: string, podUid: string): Promise<T | undefined> {
    const key = `${namespace}/${name}`;
    let entry = this.#entries.get(key);
    if (!entry) this.#entries.set(key, (entry = this.#open(namespace, name)));
    entry.users.add(podUid);
    try {
      await entry.ready;
    } catch (error) {
      this.#drop(key, entry);
      throw error;
    }
    return entry.object;
  }

  release(podUid: string): void {
    for (const [key, entry] of this.#entries) {
      if (entry.users.delete(podUid) && entry.users.size === 0) this.#drop(key, entry);
    }
  }

  close(): void {
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
  }

  #drop(key: string, entry: Entry<T>): void {
    entry.abort.abort(new Error("not used any more"));
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  #open(namespace: string, name: string): Entry<T> {
    const entry: Entry<T> = { object: undefined, users: new Set(), abort: new AbortController(), ready: Promise.resolve() };
    const list = () => this.#list(namespace, name, entry);
    const first = list();
    entry.ready = first.then(() => {});
    entry.ready.catch(() => {}); // whoever asks is told
    void first.then(
      (version) => this.#follow(namespace, name, entry, version, list),
      () => {},
    );
    return entry;
  }

  async #list(namespace: string, name: string, entry: Entry<T>): Promise<string> {
    const { signal } = entry.abort;
    const list = await this.#options.client.list(this.#kind, { namespace, fieldSelector: `metadata.name=${name}`, signal });
    this.#set(entry, list.items[0]);
    return list.metadata.resourceVersion ?? "";
  }

  async #follow(namespace: string, name: string, entry: Entry<T>, version: string, list: () => Promise<string>): Promise<void> {
    const { signal } = entry.abort;
    const { client, clock, log } = this.#options;
    const fieldSelector = `metadata.name=${name}`;
    for (let resourceVersion = version; !signal.aborted && !isImmutable(entry.object);) {
      try {
        resourceVersion ||= await list();
        for await (const { type, object } of client.watch(this.#kind, {
          namespace,
          fieldSelector,
          resourceVersion,
          allowBookmarks: true,
          signal,
        })) {
          resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
          if (type === "DELETED") this.#set(entry, undefined);
          else if (type === "ADDED" || type === "MODIFIED") this.#set(entry, object);
        }
      } catch (error) {
        if (signal.aborted) return;
        log.debug({ err: error, namespace, name, kind: this.#kind.kind }, "a watch ended");
        resourceVersion = "";
      }
      await pause(clock, RETRY_MS, signal);
    }
  }

  #set(entry: Entry<T>, object: T | undefined): void {
    const changed = entry.object?.metadata.resourceVersion !== object?.metadata.resourceVersion;
    entry.object = object;
    if (changed) for (const uid of entry.users) this.#options.onChange(uid);
  }
}

const isImmutable = (object: unknown) => (object as { immutable?: boolean } | undefined)?.immutable === true;
