/**
 * The embedded engine: state in memory, durability in a journal, group commit between them.
 *
 *     commit → judged and applied at once, in order → journal's buffer ─┐ one flush for all that gathered while
 *     commit → …                                                       ─┤ the one before it was on its way
 *                                                                       ▼
 *                                  flush done: the revision is published → watches get the events → commits resolve
 *
 * `published` is what readers see; `state.head` runs ahead of it by what is being flushed. A failed flush leaves it open what is on
 * disk, so the store stops for good: what was published stays true, and nothing else was promised.
 */
import type { Platform } from "../../../shared/lib/platform.ts";
import {
  CompactedError,
  END_OF_KEYS,
  FutureRevisionError,
  LeaseNotFoundError,
  StoreUnavailableError,
  type CommitResult,
  type KeyValue,
  type RangeOptions,
  type RangeResult,
  type Store,
  type Watch,
  type WatchHandler,
  type Write,
} from "../types.ts";
import { AutoCompaction, type HistoryLimits } from "../engine/auto-compaction.ts";
import type { Journal } from "./journal.ts";
import type { KeySpace } from "./key-space.ts";
import type { Leases } from "./leases.ts";
import { checkWrites } from "../engine/check-writes.ts";
import type { Transaction, Version } from "../engine/version.ts";
import { WatchHub } from "../engine/watch-hub.ts";

export interface EngineParts {
  platform: Platform;
  state: KeySpace;
  /** Calls back with leases whose time is over. */
  leases(onEnd: (lease: bigint) => void): Leases;
  journal: Journal;
  limits: HistoryLimits;
  /** Called once when the store has failed and refuses all further work. */
  onFailure?: (error: StoreUnavailableError) => void;
  release(): void;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

export class EmbeddedStore implements Store {
  readonly #state: KeySpace;
  readonly #journal: Journal;
  readonly #hub: WatchHub;
  readonly #leases: Leases;
  readonly #compaction: AutoCompaction;
  readonly #onFailure: EngineParts["onFailure"];
  readonly #release: () => void;
  /** The newest durable revision, which is what reads see. */
  #published: number;
  /** Applied, not yet handed to a flush; and who waits for them. */
  #queued: Transaction[] = [];
  #waiting: Waiter[] = [];
  #scheduled = false;
  #flushing = false;
  #down: StoreUnavailableError | undefined;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(parts: EngineParts) {
    this.#state = parts.state;
    this.#journal = parts.journal;
    this.#published = parts.state.head;
    this.#hub = new WatchHub(parts.state, this.#published);
    this.#leases = parts.leases((lease) => void this.#endLease(lease).catch(() => {}));
    this.#onFailure = parts.onFailure;
    this.#release = parts.release;
    this.#compaction = new AutoCompaction(parts.platform.clock, parts.limits, () => this.#autoCompact());
  }

  async currentRevision(): Promise<number> {
    this.#check();
    return this.#published;
  }

  async get(key: string, options?: { revision?: number }): Promise<{ kv: KeyValue | undefined; revision: number }> {
    const revision = this.#readable(options?.revision);
    return { kv: this.#state.get(key, revision), revision };
  }

  async range(from: string, to: string, options?: RangeOptions): Promise<RangeResult> {
    const revision = this.#readable(options?.revision);
    const { kvs, count } = this.#state.range(from, to, revision, options);
    return { kvs, revision, count, more: options?.countOnly !== true && kvs.length < count };
  }

  commit(writes: readonly Write[]): Promise<CommitResult> {
    try {
      this.#check();
      this.#validate(writes);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const index = this.#state.failing(writes);
    if (index >= 0) return this.#refuse(index, this.#state.current(writes[index]!.key));
    const transaction = this.#apply(writes);
    const result: CommitResult = { ok: true, revision: transaction?.revision ?? this.#state.head };
    return transaction === undefined ? this.#whenDurable(result) : this.#enqueue(result);
  }

  watch(from: string, to: string, fromRevision: number, handler: WatchHandler): Watch {
    this.#check();
    return this.#hub.add(from, to, fromRevision, handler);
  }

  async requestProgress(): Promise<void> {
    this.#check();
    this.#hub.progress();
  }

  async compact(revision: number): Promise<void> {
    this.#check();
    await this.#journal.busy();
    this.#check();
    if (revision <= this.#state.compacted) throw new CompactedError(this.#state.compacted);
    if (revision > this.#published) throw new FutureRevisionError(this.#published);
    this.#compactTo(revision);
    await this.#enqueue(undefined);
  }

  async grantLease(ttlSeconds: number): Promise<bigint> {
    this.#check();
    const lease = this.#leases.freshId();
    const seconds = Math.max(1, Math.ceil(ttlSeconds));
    this.#leases.add(lease, seconds);
    this.#journal.leaseGrant(lease, seconds);
    return this.#enqueue(lease);
  }

  async keepAlive(lease: bigint): Promise<void> {
    this.#check();
    this.#leases.renew(lease);
  }

  async revokeLease(lease: bigint): Promise<void> {
    this.#check();
    if (!this.#leases.has(lease)) throw new LeaseNotFoundError(lease);
    await this.#endLease(lease);
  }

  async stats(): Promise<{ bytes: number; keys: number; compactRevision: number }> {
    return { bytes: this.#journal.bytes(), keys: this.#state.keys, compactRevision: this.#state.compacted };
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#compaction.stop();
    this.#leases.stop();
    if (this.#waiting.length > 0) this.#schedule();
    if (this.#scheduled || this.#flushing) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#down ??= new StoreUnavailableError("the store is closed");
    this.#hub.end();
    await this.#journal.close();
    this.#release();
  }

  #check(): void {
    if (this.#down) throw this.#down;
    if (this.#closing) throw new StoreUnavailableError("the store is closed");
  }

  /** The revision to read at, checked. */
  #readable(revision: number | undefined): number {
    this.#check();
    if (!revision) return this.#published;
    if (revision > this.#published) throw new FutureRevisionError(this.#published);
    if (revision < this.#state.compacted) throw new CompactedError(this.#state.compacted);
    return revision;
  }

  #validate(writes: readonly Write[]): void {
    checkWrites(writes);
    for (const write of writes) {
      if (write.op === "put" && write.lease && !this.#leases.has(write.lease)) throw new LeaseNotFoundError(write.lease);
    }
  }

  #apply(writes: readonly Write[]): Transaction | undefined {
    const transaction = this.#state.apply(writes);
    if (transaction === undefined) return undefined;
    for (const change of transaction.changes) this.#leases.follow(change);
    this.#journal.commit(transaction);
    this.#queued.push(transaction);
    return transaction;
  }

  #refuse(index: number, current: Version | undefined): Promise<CommitResult> {
    return this.#whenDurable({ ok: false, revision: this.#state.head, index, current });
  }

  /** An answer that is true of the queued state must not be told before that is durable. */
  #whenDurable<T>(result: T): Promise<T> {
    return this.#published === this.#state.head ? Promise.resolve(result) : this.#enqueue(result);
  }

  /** Resolves with `result` after the next flush that begins. */
  #enqueue<T>(result: T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: () => resolve(result), reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#flushing) return;
    this.#scheduled = true;
    this.#journal.gather(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    this.#flushing = true;
    const transactions = this.#queued;
    const waiters = this.#waiting;
    this.#queued = [];
    this.#waiting = [];
    this.#journal.flush(this.#published, (error) => {
      this.#flushing = false;
      if (error) return this.#fail(error, waiters);
      this.#publish(transactions);
      for (const waiter of waiters) waiter.resolve();
      if (this.#waiting.length > 0) this.#schedule();
      else this.#idle?.();
    });
  }

  #publish(transactions: Transaction[]): void {
    if (transactions.length === 0) return;
    this.#published = transactions.at(-1)!.revision;
    this.#compaction.arm();
    this.#hub.publish(transactions);
  }

  #fail(cause: Error, waiters: Waiter[]): void {
    const error = new StoreUnavailableError(`the store has stopped: a write could not be made durable: ${cause.message}`, cause);
    this.#down = error;
    for (const waiter of [...waiters, ...this.#waiting]) waiter.reject(error);
    this.#queued = [];
    this.#waiting = [];
    this.#compaction.stop();
    this.#leases.stop();
    this.#hub.end(error);
    this.#idle?.();
    this.#onFailure?.(error);
  }

  /** The lease and its keys go in one flush, so that a crash takes both or neither. */
  async #endLease(lease: bigint): Promise<void> {
    const writes = this.#leases.keys(lease).map((key): Write => ({ op: "delete", key }));
    this.#leases.remove(lease);
    this.#journal.leaseEnd(lease);
    this.#apply(writes);
    await this.#enqueue(undefined);
  }

  #autoCompact(): boolean {
    this.#compaction.sample(this.#published, this.#journal.appended());
    const target = this.#compaction.target(this.#journal.appended());
    // A compaction is not worth a flush of its own: should it be lost, more can be read than promised.
    if (target > this.#state.compacted && !this.#journal.busy()) this.#compactTo(target);
    return this.#state.compacted < this.#published;
  }

  #compactTo(revision: number): void {
    this.#state.compact(revision);
    this.#journal.compaction(revision);
    this.#journal.tidy({
      revision,
      leases: this.#leases.all(),
      scan: (from, limit) => this.#state.range(from, END_OF_KEYS, revision, { limit }).kvs as Version[],
    });
  }
}
