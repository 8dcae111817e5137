/**
 * The etcd engine: requests go to the cluster, watches are served from one feed (see `feed.ts`).
 *
 * A commit resolves when etcd has made it durable on a majority and, unless the feed's connection is down just then, when its events
 * have reached the watches of this process. etcd's own limits apply: 128 writes in a commit, 1.5 MiB in a request.
 */
import { sleep, type Clock } from "../../../shared/lib/platform.ts";
import { AutoCompaction } from "../engine/auto-compaction.ts";
import { checkWrites } from "../engine/check-writes.ts";
import { NO_LEASE, type Transaction } from "../engine/version.ts";
import { WatchHub } from "../engine/watch-hub.ts";
import {
  CompactedError,
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
import { type Connection, isCompacted, isFuture, withLease } from "./connection.ts";
import { EventLog } from "./event-log.ts";
import { Feed } from "./feed.ts";
import type { Keys } from "./keys.ts";
import { leaseIsAlive, oldestRevision } from "./probes.ts";
import { PastWatch } from "./past-watch.ts";
import { bigint, type Long, methods, number, type RangeResponse, type TxnResponse, type WireHeader } from "./protocol.ts";

const LOG_BYTES = 32 << 20;
/** How long an event that is on its way may take before the marker is written to make one. */
const IN_FLIGHT_MS = 20;
const COMPACT_EVERY_MS = 60_000;

interface Waiter {
  revision: number;
  /** Gives up where the connection breaks. */
  onlyConnected: boolean;
  resolve(): void;
  reject(error: Error): void;
}

export class EtcdStore implements Store {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #hub: WatchHub;
  readonly #past = new Set<PastWatch>();
  readonly #compaction: AutoCompaction;
  #log: EventLog;
  #feed: Feed;
  #waiting: Waiter[] = [];
  #compacted = 0;
  #closed = false;

  /** `revision`: the current one, after which the feed begins. `historyMs` 0: never compacts by itself. */
  constructor(connection: Connection, keys: Keys, clock: Clock, revision: number, historyMs: number) {
    this.#connection = connection;
    this.#keys = keys;
    this.#clock = clock;
    this.#log = new EventLog(revision + 1, LOG_BYTES);
    this.#hub = new WatchHub(this.#log, revision);
    this.#feed = this.#follow(revision + 1);
    const limits = { historyMs, historyBytes: Infinity, sampleMs: COMPACT_EVERY_MS };
    this.#compaction = new AutoCompaction(clock, limits, () => this.#autoCompact());
    if (historyMs === 0) this.#compaction.stop();
  }

  async currentRevision(): Promise<number> {
    this.#check();
    return currentRevision(this.#connection, this.#keys);
  }

  async get(key: string, options?: { revision?: number }): Promise<{ kv: KeyValue | undefined; revision: number }> {
    const revision = options?.revision || 0;
    const response = await this.#read({ key: this.#keys.key(key), revision }, revision);
    const [kv] = response.kvs;
    return { kv: kv && this.#keys.keyValue(kv), revision: revision || number(response.header.revision) };
  }

  async range(from: string, to: string, options: RangeOptions = {}): Promise<RangeResult> {
    const { revision = 0, limit = 0, countOnly = false } = options;
    const request = { ...this.#keys.range(from, to), revision, limit, count_only: countOnly };
    const response = await this.#read(request, revision);
    return {
      kvs: response.kvs.map((kv) => this.#keys.keyValue(kv)),
      revision: revision || number(response.header.revision),
      count: number(response.count),
      more: response.more && !countOnly,
    };
  }

  async commit(writes: readonly Write[]): Promise<CommitResult> {
    this.#check();
    checkWrites(writes);
    if (writes.length === 0) return { ok: true, revision: await this.currentRevision() };
    const lease = writes.find((write) => write.op === "put" && write.lease);
    const answer = this.#connection.write<TxnResponse>(methods.txn, transaction(this.#keys, writes));
    const response = await withLease(lease?.op === "put" ? lease.lease! : NO_LEASE, answer);
    const revision = number(response.header.revision);
    if (!response.succeeded) return this.#refused(writes, response, revision);
    // A commit that changed nothing has the revision of another write, which need not be one of ours.
    const changed = response.responses.some((r: any) => r.response_put || number(r.response_delete_range.deleted) > 0);
    if (changed) await this.#seen(revision, true);
    return { ok: true, revision };
  }

  watch(from: string, to: string, fromRevision: number, handler: WatchHandler): Watch {
    this.#check();
    if (fromRevision === 0 || fromRevision >= this.#log.oldestWatchable) return this.#hub.add(from, to, fromRevision, handler);
    return this.#watchPast(from, to, fromRevision, handler);
  }

  async requestProgress(): Promise<void> {
    const current = await this.currentRevision();
    if (this.#hub.published < current) await Promise.race([this.#seen(current, false), sleep(this.#clock, IN_FLIGHT_MS)]);
    if (this.#hub.published < current) await this.#seen(await this.#writeMarker(), false);
    this.#hub.progress();
  }

  async compact(revision: number): Promise<void> {
    this.#check();
    try {
      await this.#connection.write(methods.compact, { revision });
    } catch (error) {
      throw await this.#explain(error);
    }
    this.#compacted = revision;
    this.#log.dropBefore(revision);
  }

  async grantLease(ttlSeconds: number): Promise<bigint> {
    this.#check();
    const response = await this.#connection.write<{ ID: Long }>(methods.leaseGrant, { TTL: Math.max(1, Math.ceil(ttlSeconds)) });
    return bigint(response.ID);
  }

  async keepAlive(lease: bigint): Promise<void> {
    this.#check();
    if (!(await leaseIsAlive(this.#connection, lease))) throw new LeaseNotFoundError(lease);
  }

  async revokeLease(lease: bigint): Promise<void> {
    this.#check();
    await withLease(lease, this.#connection.write(methods.leaseRevoke, { ID: `${lease}` }));
  }

  async stats(): Promise<{ bytes: number; keys: number; compactRevision: number }> {
    this.#check();
    const { dbSize } = await this.#connection.read<{ dbSize: Long }>(methods.status, {});
    const { count } = await this.range("\0", "\0", { countOnly: true });
    return { bytes: number(dbSize), keys: count, compactRevision: await oldestRevision(this.#connection, this.#keys) };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#compaction.stop();
    this.#hub.end();
    for (const watch of this.#past) watch.close();
    this.#feed.close();
    this.#connection.close();
    for (const { reject } of this.#waiting.splice(0)) reject(new StoreUnavailableError("the store is closed"));
  }

  #check(): void {
    if (this.#closed) throw new StoreUnavailableError("the store is closed");
  }

  async #read(request: object, revision: number): Promise<RangeResponse> {
    this.#check();
    try {
      return await this.#connection.read<RangeResponse>(methods.range, request);
    } catch (error) {
      throw revision ? await this.#explain(error) : error;
    }
  }

  async #explain(error: unknown): Promise<unknown> {
    if (isCompacted(error)) return new CompactedError(await oldestRevision(this.#connection, this.#keys));
    if (isFuture(error)) return new FutureRevisionError(await this.currentRevision());
    return error;
  }

  /** The answer holds the keys that have a condition, in the order of the writes. */
  #refused(writes: readonly Write[], response: TxnResponse, revision: number): CommitResult {
    const conditional = writes.flatMap((write, index) =>
      write.expected === undefined ? [] : [{ expected: write.expected, index }],
    );
    for (const [i, { expected, index }] of conditional.entries()) {
      const kv = response.responses[i]!.response_range!.kvs[0];
      const current = kv && this.#keys.keyValue(kv);
      if (expected !== (current?.modRevision ?? 0)) return { ok: false, revision, index, current };
    }
    throw new Error("etcd refused a transaction all of whose conditions hold");
  }

  #follow(next: number): Feed {
    return new Feed(this.#connection, this.#keys, this.#clock, next, {
      onTransactions: (transactions) => this.#receive(transactions),
      onDisconnect: () => this.#settle(({ onlyConnected }) => onlyConnected),
      onEnd: (error) => this.#lost(error),
    });
  }

  #receive(transactions: Transaction[]): void {
    this.#log.push(transactions);
    this.#compaction.arm();
    this.#hub.publish(transactions);
    this.#settle(({ revision }) => revision <= this.#hub.published);
  }

  /** Events were compacted before we saw them: watches start anew, from what is left. */
  #lost(error: Error): void {
    if (this.#closed || !(error instanceof CompactedError)) return;
    const next = error.compactRevision;
    this.#log = new EventLog(next, LOG_BYTES);
    this.#hub.restart(this.#log, next - 1, error);
    this.#feed = this.#follow(next);
  }

  /** Resolves when the events of a revision have been delivered. */
  #seen(revision: number, onlyConnected: boolean): Promise<void> {
    if (this.#hub.published >= revision || (onlyConnected && !this.#feed.connected)) return Promise.resolve();
    return new Promise((resolve, reject) => void this.#waiting.push({ revision, onlyConnected, resolve, reject }));
  }

  #settle(ready: (waiter: Waiter) => boolean): void {
    if (this.#waiting.length === 0) return;
    const done = this.#waiting.filter(ready);
    if (done.length === 0) return;
    this.#waiting = this.#waiting.filter((waiter) => !done.includes(waiter));
    for (const { resolve } of done) resolve();
  }

  async #writeMarker(): Promise<number> {
    const success = [{ request_put: { key: this.#keys.marker } }];
    const { header } = await this.#connection.write<{ header: WireHeader }>(methods.txn, { success });
    return number(header.revision);
  }

  #watchPast(from: string, to: string, fromRevision: number, handler: WatchHandler): Watch {
    const watch: PastWatch = new PastWatch(from, to, handler, {
      feed: (feedHandler) => new Feed(this.#connection, this.#keys, this.#clock, fromRevision, feedHandler),
      sharedFrom: () => this.#log.oldestWatchable,
      join: (revision) => this.#hub.add(from, to, revision, handler),
      done: () => this.#past.delete(watch),
    });
    this.#past.add(watch);
    // An event that surely comes, and that the shared feed has too, is where the two can meet.
    this.#writeMarker().catch((error: Error) => watch.fail(error));
    return watch;
  }

  #autoCompact(): boolean {
    this.#compaction.sample(this.#hub.published, 0);
    const target = this.#compaction.target(0);
    // Another server may have compacted further; and what fails now is tried again with a later target.
    if (target > this.#compacted) this.compact(target).catch(() => {});
    return this.#compacted < this.#hub.published;
  }
}

/** From a quorum, so that it is no older than any write that has been acknowledged. */
export async function currentRevision(connection: Connection, keys: Keys): Promise<number> {
  const response = await connection.read<RangeResponse>(methods.range, { key: keys.marker, count_only: true });
  return number(response.header.revision);
}

/** Compare all conditions, then write all; where one does not hold, read what is there. */
function transaction(keys: Keys, writes: readonly Write[]): object {
  const conditional = writes.filter((write) => write.expected !== undefined);
  return {
    compare: conditional.map(({ key, expected }) => ({ result: 0, target: 2, key: keys.key(key), mod_revision: expected })),
    success: writes.map((write) => {
      if (write.op === "delete") return { request_delete_range: { key: keys.key(write.key) } };
      return { request_put: { key: keys.key(write.key), value: write.value, lease: `${write.lease ?? 0n}` } };
    }),
    failure: conditional.map(({ key }) => ({ request_range: { key: keys.key(key) } })),
  };
}
