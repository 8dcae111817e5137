/**
 * The read side of an informer: objects by key, and by the values of indexes.
 *
 * An index is a map of maps, kept up to date object by object, so that "the pods of this owner" costs what it returns and not what the
 * cluster holds. Objects stand in the index as they are (shared and frozen), never copied.
 *
 *     index "node":  "n1" → { "default/a" → Pod a, "default/b" → Pod b },  "n2" → { … }
 */
import { keyOf, type KubeObject } from "../apimachinery/meta.ts";
import { invariant } from "../lib/invariant.ts";
import type { Cache, Indexer } from "./types.ts";

interface Index<T> {
  indexer: Indexer<T>;
  buckets: Map<string, Map<string, T>>;
}

/** Where the objects themselves are: a map of our own, or the API server's cache. */
export interface ObjectSource<T> {
  get(key: string): T | undefined;
  list(): Iterable<T>;
  size(): number;
}

const NAMESPACE = " namespace";

export class IndexedCache<T extends KubeObject> implements Cache<T> {
  readonly #source: ObjectSource<T>;
  readonly #indexes = new Map<string, Index<T>>();

  constructor(source: ObjectSource<T>, namespaced: boolean) {
    this.#source = source;
    if (namespaced) this.addIndex(NAMESPACE, (object) => [object.metadata.namespace ?? ""]);
  }

  get(key: string): T | undefined {
    return this.#source.get(key);
  }

  list(namespace?: string): T[] {
    return namespace === undefined || namespace === "" ? [...this.#source.list()] : this.byIndex(NAMESPACE, namespace);
  }

  byIndex(index: string, value: string): T[] {
    const found = this.#indexes.get(index);
    invariant(found, `no index ${JSON.stringify(index)}`);
    const bucket = found.buckets.get(value);
    return bucket ? [...bucket.values()] : [];
  }

  size(): number {
    return this.#source.size();
  }

  hasIndex(name: string): boolean {
    return this.#indexes.has(name);
  }

  /** Fills the new index from what is there. Adding one of the same name again does nothing. */
  addIndex(name: string, indexer: Indexer<T>): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { indexer, buckets: new Map() };
    this.#indexes.set(name, index);
    for (const object of this.#source.list()) {
      for (const value of indexer(object)) insert(index.buckets, value, keyOf(object.metadata), object);
    }
  }

  /** To be called for each change, in order. */
  changed(object: T | undefined, old: T | undefined): void {
    const key = keyOf((object ?? old!).metadata);
    for (const { indexer, buckets } of this.#indexes.values()) {
      const values = object ? indexer(object) : none;
      // Entries that the new state overwrites anyway stay.
      if (old) for (const value of indexer(old)) if (!values.includes(value)) remove(buckets, value, key);
      for (const value of values) insert(buckets, value, key, object!);
    }
  }
}

const none: readonly string[] = [];

function insert<T>(buckets: Map<string, Map<string, T>>, value: string, key: string, object: T): void {
  const bucket = buckets.get(value);
  if (bucket) bucket.set(key, object);
  else buckets.set(value, new Map([[key, object]]));
}

function remove<T>(buckets: Map<string, Map<string, T>>, value: string, key: string): void {
  const bucket = buckets.get(value);
  bucket?.delete(key);
  if (bucket?.size === 0) buckets.delete(value);
}
