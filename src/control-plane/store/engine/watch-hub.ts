/**
 * Who watches what. A live watch gets each published batch's events of its range in one call; a watch that starts in the past first
 * reads the history in slices, and joins the live ones when it has reached the newest durable revision.
 *
 * Live ranges are cut at all their ends into segments, in each of which the set of watches is the same: finding the watches of a key is
 * one binary search, whatever their number.
 *
 *     [a, m) is watch 1, [f, z) is watch 2:   cuts a f m z → {1} {1,2} {2}
 */
import { CompactedError, END_OF_KEYS, type Watch, type WatchEventRecord, type WatchHandler } from "../types.ts";
import { type Less, lessByBytes } from "./order.ts";
import type { Transaction } from "./version.ts";

const CATCH_UP_TRANSACTIONS = 2000;

/** Where the hub reads the past. */
export interface WatchSource {
  /** Byte order of keys. */
  readonly less: Less;
  /** From this revision on all transactions are there. */
  readonly oldestWatchable: number;
  /** What a watch from before that is told. */
  readonly compacted: number;
  /** In order, at most `limit`, from one revision through another. */
  transactions(from: number, through: number, limit: number): Transaction[];
}

interface Watcher {
  from: string;
  to: string;
  handler: WatchHandler;
  /** Nothing before this revision has to be delivered any more. */
  next: number;
  live: boolean;
  closed: boolean;
  progressAsked: boolean;
  /** Events of the batch that is being published. */
  batch: WatchEventRecord[];
}

export class WatchHub {
  #source: WatchSource;
  readonly #watchers = new Set<Watcher>();
  #cuts: string[] = [];
  #segments: Watcher[][] | undefined;
  /** The newest revision that watches may see. */
  published: number;

  constructor(source: WatchSource, published: number) {
    this.#source = source;
    this.published = published;
  }

  add(from: string, to: string, fromRevision: number, handler: WatchHandler): Watch {
    const watcher: Watcher = {
      from,
      to,
      handler,
      next: fromRevision || this.published + 1,
      live: false,
      closed: false,
      progressAsked: false,
      batch: [],
    };
    this.#watchers.add(watcher);
    // Not before the caller holds the handle; and events that are published meanwhile come out of the history.
    if (watcher.next > this.published) this.#join(watcher);
    else queueMicrotask(() => this.#catchUp(watcher));
    return { close: () => this.#remove(watcher) };
  }

  /** Delivers transactions that have just become visible: in order, at least one, all of them newer than those before. */
  publish(transactions: readonly Transaction[]): void {
    const touched: Watcher[] = [];
    this.published = transactions.at(-1)!.revision;
    for (const { revision, changes } of transactions) {
      for (const change of changes) {
        for (const watcher of this.#watching(change.kv.key)) {
          if (revision < watcher.next) continue;
          if (watcher.batch.length === 0) touched.push(watcher);
          watcher.batch.push(change);
        }
      }
    }
    for (const watcher of touched) this.#deliver(watcher);
  }

  /** Tells each watch how far it is: now where it is live, when it has caught up otherwise. */
  progress(): void {
    for (const watcher of Array.from(this.#watchers)) {
      if (!watcher.live) watcher.progressAsked = true;
      else this.#call(watcher, () => watcher.handler.onProgress?.(this.published));
    }
  }

  /** Ends all watches, and begins anew with another past. */
  restart(source: WatchSource, published: number, error: Error): void {
    this.end(error);
    this.#source = source;
    this.published = published;
  }

  /** Ends all watches: with an error, or silently. */
  end(error?: Error): void {
    for (const watcher of this.#watchers) {
      if (error) this.#fail(watcher, error);
      else this.#remove(watcher);
    }
  }

  #deliver(watcher: Watcher): void {
    const events = watcher.batch;
    watcher.batch = [];
    this.#call(watcher, () => watcher.handler.onEvents(events, events.at(-1)!.kv.modRevision));
  }

  #catchUp(watcher: Watcher): void {
    if (watcher.closed) return;
    if (watcher.next < this.#source.oldestWatchable) return this.#fail(watcher, new CompactedError(this.#source.compacted));
    const { less } = this.#source;
    const inRange = (key: string) => !less(key, watcher.from) && (watcher.to === END_OF_KEYS || less(key, watcher.to));
    const slice = this.#source.transactions(watcher.next, this.published, CATCH_UP_TRANSACTIONS);
    for (const { changes } of slice) {
      for (const change of changes) if (inRange(change.kv.key)) watcher.batch.push(change);
    }
    watcher.next = slice.length < CATCH_UP_TRANSACTIONS ? this.published + 1 : slice.at(-1)!.revision + 1;
    if (watcher.batch.length > 0) this.#deliver(watcher);
    if (watcher.closed) return;
    if (watcher.next <= this.published) setImmediate(() => this.#catchUp(watcher));
    else this.#join(watcher);
  }

  #join(watcher: Watcher): void {
    watcher.live = true;
    this.#segments = undefined;
    if (watcher.progressAsked) this.#call(watcher, () => watcher.handler.onProgress?.(this.published));
  }

  #remove(watcher: Watcher): void {
    watcher.closed = true;
    if (this.#watchers.delete(watcher) && watcher.live) this.#segments = undefined;
  }

  #fail(watcher: Watcher, error: Error): void {
    if (watcher.closed) return;
    this.#remove(watcher);
    watcher.handler.onError(error);
  }

  /** A handler that throws loses its watch; the store and the other watches go on. */
  #call(watcher: Watcher, deliver: () => void): void {
    if (watcher.closed) return;
    try {
      deliver();
    } catch (error) {
      this.#fail(watcher, error as Error);
    }
  }

  #watching(key: string): readonly Watcher[] {
    const segments = (this.#segments ??= this.#cut());
    const { less } = this.#source;
    let low = 0;
    let high = this.#cuts.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (less(key, this.#cuts[mid]!)) high = mid;
      else low = mid + 1;
    }
    return segments[low]!;
  }

  /** `segments[i]` holds the watches of keys from `cuts[i - 1]` up to `cuts[i]`. */
  #cut(): Watcher[][] {
    const live = [...this.#watchers].filter((watcher) => watcher.live);
    const ends = live.flatMap(({ from, to }) => (to === END_OF_KEYS ? [from] : [from, to]));
    this.#cuts = [...new Set(ends)].sort((a, b) => (lessByBytes(a, b) ? -1 : 1));
    const segments: Watcher[][] = Array.from({ length: this.#cuts.length + 1 }, () => []);
    for (const watcher of live) {
      const end = watcher.to === END_OF_KEYS ? this.#cuts.length : this.#cuts.indexOf(watcher.to);
      for (let i = this.#cuts.indexOf(watcher.from) + 1; i <= end; i++) segments[i]!.push(watcher);
    }
    return segments;
  }
}
