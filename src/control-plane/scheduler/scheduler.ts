/**
 * The scheduler: watches pods and nodes, decides one pod at a time, binds many at once.
 *
 * Deciding is synchronous and works on `ClusterState`, in which a decided pod is assumed to be on its node at once; binding is
 * a request that runs beside the next decisions. A binding that fails takes the assumption back and the pod waits its turn.
 */
import {
  CSINode,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  Service,
  StatefulSet,
  StorageClass,
} from "../../shared/api/index.ts";
import type { Kind } from "../../shared/api/index.ts";
import { isConflict, isNotFound } from "../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../shared/apimachinery/meta.ts";
import type { Client, EventRecorder, InformerFactory } from "../../shared/client/index.ts";
import type { Logger } from "../../shared/lib/logger.ts";
import { formatTime, type Platform, type Timer } from "../../shared/lib/platform.ts";
import { ClusterState } from "./cluster-state.ts";
import { Decider, explain, type Decision } from "./cycle.ts";
import type { ClusterEventType, Handle } from "./framework.ts";
import { defaultProfile, type ProfileEntry } from "./order.ts";
import type { NodeInfo } from "./node-info.ts";
import { podInfo, type PodInfo } from "./pod-info.ts";
import { SchedulingQueue, type QueuedPod } from "./queue.ts";

/** Kinds that plugins may read or wait for, besides pods and nodes. */
const WATCHED: readonly Kind<any>[] = [
  Service,
  Namespace,
  PersistentVolumeClaim,
  PersistentVolume,
  StorageClass,
  CSINode,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
];

/** Pods decided in one go before other work of the process gets its turn. */
const DECISIONS_PER_TURN = 32;
/** Bindings under way at a time. */
const PARALLEL_BINDINGS = 64;

export interface SchedulerOptions {
  client: Client;
  informers: InformerFactory;
  recorder: EventRecorder;
  platform: Platform;
  logger: Logger;
  profile?: readonly ProfileEntry[];
  /** Pods with this `spec.schedulerName` are ours. */
  schedulerName?: string;
}

class Scheduler {
  private readonly options: SchedulerOptions;
  private readonly state = new ClusterState();
  private readonly queue: SchedulingQueue;
  private readonly decider: Decider;
  private readonly profile: readonly ProfileEntry[];
  /** Pods for which room is being made, by uid: where, and the pod. */
  private readonly nominations = new Map<string, { node: string; info: PodInfo }>();
  private readonly removeHandlers: (() => void)[] = [];
  private turn: Timer | undefined;
  private binding = 0;
  private closed = false;

  constructor(options: SchedulerOptions) {
    this.options = options;
    this.profile = options.profile ?? defaultProfile;
    const plugins = this.profile.map((entry) => entry.plugin);
    const sort = plugins.find((plugin) => plugin.queueSort)!.queueSort!;
    this.queue = new SchedulingQueue({ clock: options.platform.clock, plugins, sort, onReady: () => this.scheduleTurn() });
    this.decider = new Decider(this.profile, this.handle());
  }

  /** Resolves when the first view of the cluster is complete; scheduling goes on until `close`. */
  async start(signal?: AbortSignal): Promise<void> {
    const { informers } = this.options;
    this.removeHandlers.push(
      informers.informer(Node).onEvent({
        added: (node) => (this.state.putNode(node), this.queue.event("Node", "Add", node, undefined)),
        updated: (node, old) => (
          this.state.putNode(node),
          nodeMatters(node, old) && this.queue.event("Node", "Update", node, old)
        ),
        deleted: (node) => (this.state.removeNode(node.metadata.name), this.queue.event("Node", "Delete", node, undefined)),
      }),
      informers.informer(Pod).onEvent({
        added: (pod) => this.podChanged(pod, undefined),
        updated: (pod, old) => this.podChanged(pod, old),
        deleted: (pod) => this.podGone(pod),
      }),
      ...WATCHED.map((kind) => this.forward(kind)),
    );
    await informers.start(signal);
  }

  close(): void {
    this.closed = true;
    this.turn?.cancel();
    this.queue.close();
    for (const remove of this.removeHandlers) remove();
  }

  private forward(kind: Kind<any>): () => void {
    const tell = (type: ClusterEventType) => (object: KubeObject, old?: KubeObject) =>
      this.queue.event(kind.kind, type, object, old);
    return this.options.informers
      .informer(kind)
      .onEvent({ added: tell("Add"), updated: tell("Update"), deleted: tell("Delete") });
  }

  private handle(): Handle {
    return {
      client: this.options.client,
      random: this.options.platform.random,
      now: () => this.options.platform.clock.now(),
      record: (pod, type, reason, message) => this.options.recorder.event(pod, type, reason, message),
      cache: (kind) => this.options.informers.informer(kind).cache,
      nominationOf: ({ uid, pod }) => this.nominations.get(uid)?.node ?? pod.status.nominatedNodeName,
      nominate: (info, node) => void this.nominations.set(info.uid, { node, info }),
      nominated: (node) =>
        this.nominations.size ? [...this.nominations.values()].filter((n) => n.node === node).map((n) => n.info) : [],
    };
  }

  private podChanged(pod: Pod, old: Pod | undefined): void {
    const finished = pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
    if (finished) return this.podGone(pod);
    if (pod.spec.nodeName) {
      this.queue.remove(pod.metadata.uid);
      this.nominations.delete(pod.metadata.uid);
      this.state.place(podInfo(pod), pod.spec.nodeName);
      if (!old?.spec.nodeName) this.queue.event("Pod", "Add", pod, old);
      else if (old.metadata.generation !== pod.metadata.generation) this.queue.event("Pod", "Update", pod, old);
      return;
    }
    if ((pod.spec.schedulerName ?? "default-scheduler") !== (this.options.schedulerName ?? "default-scheduler")) return;
    if (pod.metadata.deletionTimestamp) return this.queue.remove(pod.metadata.uid);
    const info = podInfo(pod);
    const nominated = pod.status.nominatedNodeName;
    if (nominated) this.nominations.set(info.uid, { node: nominated, info });
    this.queue.put(info);
  }

  private podGone(pod: Pod): void {
    this.nominations.delete(pod.metadata.uid);
    this.queue.remove(pod.metadata.uid);
    this.state.remove(pod.metadata.uid);
    this.queue.event("Pod", "Delete", pod, undefined);
  }

  private scheduleTurn(): void {
    if (this.turn || this.closed) return;
    this.turn = this.options.platform.clock.after(0, () => {
      this.turn = undefined;
      this.runTurn();
    });
  }

  private runTurn(): void {
    for (let n = 0; n < DECISIONS_PER_TURN && this.binding < PARALLEL_BINDINGS; n++) {
      const queued = this.queue.pop();
      if (!queued) return;
      this.scheduleOne(queued);
    }
    if (this.binding < PARALLEL_BINDINGS) this.scheduleTurn();
  }

  private scheduleOne(queued: QueuedPod): void {
    const { info } = queued;
    const decision = this.decider.decide(info, this.state.nodes);
    this.binding++;
    const work = decision.node ? this.bind(queued, decision, decision.node.name) : this.refuse(queued, decision);
    void work
      .catch((error: unknown) => this.options.logger.error({ pod: info.key, error }, "scheduling failed"))
      .finally(() => {
        this.binding--;
        this.scheduleTurn();
      });
  }

  private async bind(queued: QueuedPod, { cycle }: Decision, node: string): Promise<void> {
    const { info } = queued;
    this.state.place(info, node);
    const plugins = this.profile.map((entry) => entry.plugin);
    try {
      for (const plugin of plugins) plugin.reserve?.(info, node, cycle);
      for (const plugin of plugins) await plugin.preBind?.(info, node, cycle);
      await plugins.find((plugin) => plugin.bind)!.bind!(info, node, cycle.handle);
    } catch (error) {
      for (const plugin of plugins.toReversed()) plugin.unreserve?.(info, node, cycle);
      this.state.remove(info.uid);
      if (isNotFound(error)) return this.queue.done(queued); // deleted meanwhile
      if (isConflict(error)) return this.queue.done(queued); // bound by someone else: the watch tells where
      this.queue.giveBack(queued, new Set());
      throw error;
    }
    this.queue.done(queued);
    this.nominations.delete(info.uid);
    for (const plugin of plugins) plugin.postBind?.(info, node);
    const { namespace, name } = info.pod.metadata;
    this.options.recorder.event(info.pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${node}`);
  }

  /** No node fits: let postFilter make room, tell the user why, and wait for a change that helps. */
  private async refuse(queued: QueuedPod, decision: Decision): Promise<void> {
    const { info } = queued;
    try {
      const { message, nominated } = await this.makeRoom(info, decision);
      this.options.recorder.event(info.pod, "Warning", "FailedScheduling", message);
      await this.setCondition(info, message, nominated);
    } finally {
      this.queue.giveBack(queued, decision.rejectedBy); // what happened meanwhile counts as an event
    }
  }

  private async makeRoom(info: PodInfo, decision: Decision): Promise<{ message: string; nominated: string | undefined }> {
    let message = explain(decision);
    for (const { plugin } of this.profile) {
      const evaluate = (pod: PodInfo, node: NodeInfo) => this.decider.evaluate(pod, node, this.state.nodes);
      const result = await plugin.postFilter?.(info, decision.rejections, decision.cycle, evaluate);
      if (!result) continue;
      if (result.message) message += ` ${result.message}`;
      if (result.nominated) return { message, nominated: result.nominated };
      this.nominations.delete(info.uid);
    }
    return { message, nominated: undefined };
  }

  private async setCondition({ pod }: PodInfo, message: string, nominated: string | undefined): Promise<void> {
    const now = formatTime(this.options.platform.clock.now());
    const old = pod.status.conditions?.find((condition) => condition.type === "PodScheduled");
    const same = old?.status === "False" && old.message === message && (nominated ?? "") === (pod.status.nominatedNodeName ?? "");
    if (same) return;
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      observedGeneration: pod.metadata.generation,
      lastTransitionTime: old?.status === "False" ? old.lastTransitionTime : now,
    };
    const patch = {
      metadata: { uid: pod.metadata.uid },
      status: { conditions: [condition], nominatedNodeName: nominated ?? null },
    };
    try {
      await this.options.client.patch(Pod, pod.metadata, "strategic", patch, { subresource: "status" });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

/** Heartbeats change a node's status every few minutes; only what plugins look at is worth a retry. */
function nodeMatters(node: Node, old: Node): boolean {
  const view = ({ metadata, spec, status }: Node) =>
    JSON.stringify([metadata.labels, metadata.annotations, spec.taints, spec.unschedulable, status.allocatable]);
  return view(node) !== view(old);
}

export function createScheduler(options: SchedulerOptions): Scheduler {
  return new Scheduler(options);
}
