/**
 * The scheduling queue: active (a heap in the order of queueSort), backoff (tried lately), unschedulable (waiting for a
 * change that could help) and gated (preEnqueue refuses).
 *
 * A pod that failed waits for a cluster event that one of its rejecting plugins named in `requeueOn`; after that it serves
 * what is left of its backoff, 1 s doubling to 10 s. Whatever happens, it is tried again after five minutes.
 *
 * @source pkg/scheduler/backend/queue/scheduling_queue.go v1.36
 */
import { Heap } from "../../shared/lib/heap.ts";
import type { Clock, Timer } from "../../shared/lib/platform.ts";
import type { ClusterEventType, Plugin } from "./framework.ts";
import type { PodInfo } from "./pod-info.ts";

const INITIAL_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 10_000;
const UNSCHEDULABLE_TIMEOUT_MS = 5 * 60_000;

export interface QueuedPod {
  info: PodInfo;
  attempts: number;
  /** When it first came in, and when it was last given back, in clock milliseconds. */
  since: number;
  triedAt: number;
  /** Names of the plugins that rejected it. */
  rejectedBy: ReadonlySet<string>;
  where: "active" | "backoff" | "unschedulable" | "gated" | "in-flight" | "gone";
  /** A helpful event came while it was being tried: back off instead of waiting for the next. */
  movedWhileTried: boolean;
}

export interface QueueOptions {
  clock: Clock;
  plugins: readonly Plugin[];
  sort(a: PodInfo, b: PodInfo): number;
  /** Called whenever a pod became ready to be popped. */
  onReady(): void;
}

export class SchedulingQueue {
  private readonly pods = new Map<string, QueuedPod>();
  /** Those that wait for an event: unschedulable or in flight. The many that are ready need none. */
  private readonly waiting = new Set<QueuedPod>();
  private readonly active: Heap<QueuedPod>;
  private readonly backoff = new Heap<QueuedPod>((a, b) => this.backoffEnds(a) - this.backoffEnds(b));
  private readonly plugins: ReadonlyMap<string, Plugin>;
  private readonly options: QueueOptions;
  private timer: Timer | undefined;
  private readonly sweep: Timer;

  constructor(options: QueueOptions) {
    this.options = options;
    this.plugins = new Map(options.plugins.map((plugin) => [plugin.name, plugin]));
    this.active = new Heap((a, b) => options.sort(a.info, b.info) || a.since - b.since);
    this.sweep = options.clock.every(30_000, () => this.retryForgotten(), { background: true });
  }

  close(): void {
    this.sweep.cancel();
    this.timer?.cancel();
  }

  /** A new pod, or a new version of one that waits. */
  put(info: PodInfo): void {
    const known = this.pods.get(info.uid);
    if (!known) {
      const since = this.options.clock.now();
      const queued: QueuedPod = {
        info,
        attempts: 0,
        since,
        triedAt: since,
        rejectedBy: new Set(),
        where: "gated",
        movedWhileTried: false,
      };
      this.pods.set(info.uid, queued);
      return this.admit(queued);
    }
    const old = known.info;
    known.info = info;
    if (known.where === "gated") return this.admit(known);
    if (specChanged(old, info)) {
      if (known.where === "unschedulable") this.toBackoffOrActive(known);
      else known.movedWhileTried = true;
    }
  }

  remove(uid: string): void {
    const queued = this.pods.get(uid);
    if (!queued) return;
    this.move(queued, "gone");
    this.pods.delete(uid);
  }

  pop(): QueuedPod | undefined {
    for (;;) {
      const queued = this.active.pop();
      if (!queued) return undefined;
      if (queued.where !== "active") continue; // removed or moved since
      this.move(queued, "in-flight");
      queued.attempts++;
      queued.movedWhileTried = false;
      return queued;
    }
  }

  /** Gives a pod back that could not be scheduled. `rejectedBy` empty: an error, not a verdict; it backs off. */
  giveBack(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    if (queued.where === "gone") return;
    queued.triedAt = this.options.clock.now();
    queued.rejectedBy = rejectedBy;
    if (queued.movedWhileTried || rejectedBy.size === 0) return this.toBackoffOrActive(queued);
    this.move(queued, "unschedulable");
  }

  /** It is bound, or nobody's business any more. */
  done(queued: QueuedPod): void {
    if (this.pods.get(queued.info.uid) === queued) this.pods.delete(queued.info.uid);
    this.move(queued, "gone");
  }

  /** Something in the cluster changed: pods it may help are tried again. */
  event(kind: string, type: ClusterEventType, object: unknown, old: unknown): void {
    for (const queued of this.waiting) {
      if (queued.where === "unschedulable" && !this.helps(queued, kind, type, object, old)) continue;
      if (queued.where === "in-flight") queued.movedWhileTried = true;
      else this.toBackoffOrActive(queued);
    }
  }

  /** How many pods wait where, for metrics. */
  sizes(): Record<QueuedPod["where"], number> {
    const sizes = { active: 0, backoff: 0, unschedulable: 0, gated: 0, "in-flight": 0, gone: 0 };
    for (const { where } of this.pods.values()) sizes[where]++;
    return sizes;
  }

  private move(queued: QueuedPod, where: QueuedPod["where"]): void {
    queued.where = where;
    if (where === "unschedulable" || where === "in-flight") this.waiting.add(queued);
    else this.waiting.delete(queued);
  }

  private helps(queued: QueuedPod, kind: string, type: ClusterEventType, object: unknown, old: unknown): boolean {
    for (const name of queued.rejectedBy) {
      const plugin = this.plugins.get(name);
      for (const rule of plugin?.requeueOn ?? []) {
        if (rule.kind.kind === kind && rule.when.includes(type) && (rule.helps?.(queued.info, object, old) ?? true)) return true;
      }
    }
    return false;
  }

  private admit(queued: QueuedPod): void {
    const refused = this.options.plugins.some((plugin) => plugin.preEnqueue?.(queued.info) !== undefined);
    if (refused) this.move(queued, "gated");
    else this.activate(queued);
  }

  private activate(queued: QueuedPod): void {
    this.move(queued, "active");
    this.active.push(queued);
    this.options.onReady();
  }

  private toBackoffOrActive(queued: QueuedPod): void {
    if (this.backoffEnds(queued) <= this.options.clock.now()) return this.activate(queued);
    this.move(queued, "backoff");
    this.backoff.push(queued);
    this.arm();
  }

  private backoffEnds(queued: QueuedPod): number {
    if (queued.attempts === 0) return 0;
    return queued.triedAt + Math.min(INITIAL_BACKOFF_MS * 2 ** (queued.attempts - 1), MAX_BACKOFF_MS);
  }

  private arm(): void {
    const first = this.backoff.peek();
    this.timer?.cancel();
    this.timer = undefined;
    if (!first) return;
    const wait = Math.max(0, this.backoffEnds(first) - this.options.clock.now());
    this.timer = this.options.clock.after(wait, () => this.flushBackoff());
  }

  private flushBackoff(): void {
    const now = this.options.clock.now();
    for (let first = this.backoff.peek(); first && this.backoffEnds(first) <= now; first = this.backoff.peek()) {
      this.backoff.pop();
      if (first.where === "backoff") this.activate(first);
    }
    this.arm();
  }

  private retryForgotten(): void {
    const now = this.options.clock.now();
    for (const queued of this.pods.values()) {
      if (queued.where === "unschedulable" && now - queued.triedAt >= UNSCHEDULABLE_TIMEOUT_MS) this.activate(queued);
    }
  }
}

function specChanged(old: PodInfo, now: PodInfo): boolean {
  const label = (info: PodInfo) => JSON.stringify([info.pod.spec, info.pod.metadata.labels, info.pod.metadata.annotations]);
  return old.pod !== now.pod && label(old) !== label(now);
}
