/**
 * A watch that starts before what this process remembers: it reads the past from etcd in a feed of its own, and moves over to the
 * shared one at the first revision from which that is complete.
 */
import { lessByBytes } from "../engine/order.ts";
import type { Transaction } from "../engine/version.ts";
import { END_OF_KEYS, type Watch, type WatchHandler } from "../types.ts";
import type { FeedHandler } from "./feed.ts";

export interface PastWatchParts {
  /** Starts the feed from the watch's first revision. */
  feed(handler: FeedHandler): { close(): void };
  /** From this revision on the shared feed has everything. */
  sharedFrom(): number;
  /** Goes on with the shared feed from a revision. */
  join(revision: number): Watch;
  /** Called when the watch has joined or is over. */
  done(): void;
}

export class PastWatch implements Watch {
  readonly #parts: PastWatchParts;
  readonly #handler: WatchHandler;
  readonly #inRange: (key: string) => boolean;
  readonly #feed: { close(): void };
  #joined: Watch | undefined;
  #closed = false;

  constructor(from: string, to: string, handler: WatchHandler, parts: PastWatchParts) {
    this.#handler = handler;
    this.#parts = parts;
    this.#inRange = (key) => !lessByBytes(key, from) && (to === END_OF_KEYS || lessByBytes(key, to));
    this.#feed = parts.feed({
      onTransactions: (transactions) => this.#receive(transactions),
      onEnd: (error) => this.#fail(error),
    });
  }

  close(): void {
    if (this.#joined) return this.#joined.close();
    this.#end();
  }

  /** Ends the watch with an error, unless the shared feed has it already. */
  fail(error: Error): void {
    if (!this.#joined) this.#fail(error);
  }

  #receive(transactions: Transaction[]): void {
    if (this.#closed) return;
    const shared = this.#parts.sharedFrom();
    const past = transactions.filter(({ revision }) => revision < shared);
    const events = past.flatMap(({ changes }) => changes.filter(({ kv }) => this.#inRange(kv.key)));
    try {
      if (events.length > 0) this.#handler.onEvents(events, events.at(-1)!.kv.modRevision);
    } catch (error) {
      return this.#fail(error as Error);
    }
    if (this.#closed || past.length === transactions.length) return;
    this.#end();
    this.#joined = this.#parts.join(transactions[past.length]!.revision);
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.#end();
    this.#handler.onError(error);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#feed.close();
    this.#parts.done();
  }
}
