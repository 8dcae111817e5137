/**
 * One etcd watch over all keys of the store, from which all watches of this process are served.
 *
 * Why one: a watch must be able to say "all events up to revision R have been delivered" (`onProgress`). etcd's progress requests cannot
 * be relied on before 3.4.25 and 3.5.8: their answer may overtake events. Within a single etcd watch, however, events are strictly in
 * order, so the feed knows how far it is by the last event it saw; and where nothing happens under our prefix while the cluster's
 * revision moves on, writing the marker key makes an event. No other mechanism is needed, on any version.
 *
 * When the connection breaks, the feed goes on from the revision after the last one it saw. If that is compacted by then, events are
 * lost, and all watches end with `CompactedError`.
 */
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { pause, type Clock } from "../../../shared/lib/platform.ts";
import type { Transaction } from "../engine/version.ts";
import { CompactedError } from "../types.ts";
import type { Connection } from "./connection.ts";
import type { Keys } from "./keys.ts";
import { methods, number, type WatchResponse } from "./protocol.ts";

const RETRY_MS = 200;

export interface FeedHandler {
  /** Transactions in order, at least one. */
  onTransactions(transactions: Transaction[]): void;
  /** Events may be late: the connection is being restored. */
  onDisconnect?(): void;
  /** Nothing more comes: events were compacted away before they were seen, or the connection was closed. */
  onEnd(error: Error): void;
}

export class Feed {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #handler: FeedHandler;
  readonly #stop = new AbortController();
  #stream: ClientDuplexStream<object, WatchResponse> | undefined;
  #next: number;
  #connected = false;

  /** From revision `next` on. */
  constructor(connection: Connection, keys: Keys, clock: Clock, next: number, handler: FeedHandler) {
    this.#connection = connection;
    this.#keys = keys;
    this.#clock = clock;
    this.#next = next;
    this.#handler = handler;
    void this.#run();
  }

  /** Events arrive; false while the connection is being restored. */
  get connected(): boolean {
    return this.#connected;
  }

  close(): void {
    this.#stop.abort();
    this.#stream?.cancel();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const ended = await this.#follow();
        if (ended) return this.#handler.onEnd(ended);
      } catch (error) {
        if (this.#connection.closed && !signal.aborted) return this.#handler.onEnd(error as Error);
      }
      this.#connected = false;
      this.#handler.onDisconnect?.();
      await pause(this.#clock, RETRY_MS, signal);
    }
  }

  /** Follows one stream. Resolves with an error that no new stream can mend; rejects when the stream breaks. */
  async #follow(): Promise<Error | undefined> {
    const stream = await this.#connection.stream(methods.watch);
    this.#stream = stream;
    if (this.#stop.signal.aborted) stream.cancel();
    return new Promise((resolve, reject) => {
      stream.on("error", reject);
      stream.on("end", () => resolve(undefined));
      stream.on("data", (response: WatchResponse) => {
        const end = this.#receive(response);
        if (!end) return;
        resolve(end);
        stream.cancel();
      });
      stream.write({ create_request: { ...this.#keys.all, start_revision: this.#next, prev_kv: true } });
    });
  }

  #receive(response: WatchResponse): Error | undefined {
    const compacted = number(response.compact_revision);
    if (compacted > 0) return new CompactedError(compacted);
    // For a reason of its own: the stream breaks, and the next one may do better.
    if (response.canceled) this.#stream!.cancel();
    if (response.created) this.#connected = true;
    const transactions = this.#keys.transactions(response.events).filter(({ revision }) => revision >= this.#next);
    if (transactions.length === 0 || this.#stop.signal.aborted) return undefined;
    this.#next = transactions.at(-1)!.revision + 1;
    this.#handler.onTransactions(transactions);
    return undefined;
  }
}
