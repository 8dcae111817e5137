/**
 * The watch cache of one resource: its present objects in key order, the latest changes, and who listens.
 *
 * Fed in revision order by the hub alone. Everything a GET, LIST or WATCH answers comes from here.
 */
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { CachedObject, type ObjectPlace, type ObjectShape } from "./cached-object.ts";
import { SortedEntries } from "./sorted-entries.ts";

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

/** One change. For DELETED `entry` is the last state at the revision of the delete. */
export interface Change {
  readonly type: ChangeType;
  readonly entry: CachedObject;
  readonly prev: CachedObject | undefined;
  readonly revision: number;
  /** Encoded frames by form, shared by all watchers. */
  readonly frames: Map<string, Uint8Array>;
}

export type Listener = (change: Change) => void;

/** What a writer leaves for the cache, to be met again when the store publishes the write. */
export interface Prepared {
  readonly value: Uint8Array;
  readonly object: KubeObject;
  /** The object is kept though nobody in this process reads the resource yet. */
  readonly keep?: boolean;
}

/** Changes kept for watches that start in the past: so many, or so many bytes, but always the latest few. */
const HISTORY_MAX = 8192;
const HISTORY_MAX_BYTES = 16 << 20;
const HISTORY_MIN = 256;

export class ResourceCache {
  readonly prefix: string;
  shape: ObjectShape;
  readonly #entries = new SortedEntries<CachedObject>();
  readonly #byKey = new Map<string, CachedObject>();
  readonly #listeners = new Set<Listener>();
  readonly #prepared = new Map<string, Prepared>();
  #history: Change[] = [];
  #historyBytes = 0;
  /** Changes at or before this revision are not in the history any more. */
  #forgotten: number;
  /** In-process readers want parsed objects: keep those of writers. */
  keepObjects = false;

  constructor(prefix: string, shape: ObjectShape, revision: number) {
    this.prefix = prefix;
    this.shape = shape;
    this.#forgotten = revision;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): CachedObject | undefined {
    return this.#byKey.get(key);
  }

  /** Entries in [`from`, `to`) in key order; must be read to the end before the loop yields. */
  range(from: string, to: string): Iterable<CachedObject> {
    return this.#entries.range(from, to);
  }

  values(): Iterable<CachedObject> {
    return this.#byKey.values();
  }

  count(from: string, to: string): number {
    return this.#entries.count(from, to);
  }

  /** The revision up to which changes have been forgotten: a watch may start from it or later. */
  get oldestRevision(): number {
    return this.#forgotten;
  }

  /** Changes after `revision`; undefined where that is too far back. */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.#forgotten) return undefined;
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.#history[mid]!.revision <= revision) low = mid + 1;
      else high = mid;
    }
    return this.#history.slice(low);
  }

  /** Called for every later change, in order, synchronously. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  prepare(key: string, prepared: Prepared): void {
    this.#prepared.set(key, prepared);
  }

  unprepare(key: string, value: Uint8Array): void {
    if (this.#prepared.get(key)?.value === value) this.#prepared.delete(key);
  }

  /** The resource was defined, or defined anew: what was derived from the old definition is dropped. */
  reshape(shape: ObjectShape): void {
    this.shape = shape;
    for (const entry of this.#byKey.values()) {
      const fresh = entry.reshaped(shape);
      this.#entries.set(fresh);
      this.#byKey.set(fresh.key, fresh);
    }
  }

  /** The history begins after the first load. */
  startAt(revision: number): void {
    this.#forgotten = revision;
  }

  /** An object as the store had it at some revision: the cached one where it is still that. */
  entryOf(key: string, value: Uint8Array, revision: number): CachedObject {
    const cached = this.#byKey.get(key);
    return cached?.revision === revision ? cached : CachedObject.fromStore(this.#place(key), value, this.shape, revision);
  }

  /** First load: no events, no history. */
  load(key: string, value: Uint8Array, revision: number): void {
    const entry = CachedObject.fromStore(this.#place(key), value, this.shape, revision);
    this.#entries.set(entry);
    this.#byKey.set(key, entry);
  }

  put(key: string, value: Uint8Array, revision: number): void {
    const prev = this.#byKey.get(key);
    if (prev && prev.revision >= revision) return;
    const prepared = this.#prepared.get(key);
    const own = prepared !== undefined && sameBytes(prepared.value, value);
    const entry = CachedObject.fromStore(prev ?? this.#place(key), value, this.shape, revision, own);
    if (own) {
      entry.adopt(prepared.object, prepared.keep || this.keepObjects);
      this.#prepared.delete(key);
    }
    this.#entries.set(entry);
    this.#byKey.set(key, entry);
    this.#publish({ type: prev ? "MODIFIED" : "ADDED", entry, prev, revision, frames: new Map() });
  }

  delete(key: string, revision: number): void {
    const prev = this.#byKey.get(key);
    if (!prev) return;
    this.#entries.delete(key);
    this.#byKey.delete(key);
    this.#publish({ type: "DELETED", entry: prev.at(revision), prev, revision, frames: new Map() });
  }

  #publish(change: Change): void {
    this.#history.push(change);
    this.#historyBytes += change.entry.bytes.length;
    const count = this.#history.length;
    if (count > HISTORY_MAX || (this.#historyBytes > HISTORY_MAX_BYTES && count > HISTORY_MIN)) this.#forget(count >> 2);
    for (const listener of this.#listeners) listener(change);
  }

  #forget(count: number): void {
    const dropped = this.#history.splice(0, count);
    for (const { entry } of dropped) this.#historyBytes -= entry.bytes.length;
    this.#forgotten = dropped.at(-1)!.revision;
  }

  #place(key: string): ObjectPlace {
    const rest = key.slice(this.prefix.length);
    const slash = rest.indexOf("/");
    return slash < 0 ? { key, namespace: "", name: rest } : { key, namespace: rest.slice(0, slash), name: rest.slice(slash + 1) };
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && Buffer.compare(a, b) === 0);
}
