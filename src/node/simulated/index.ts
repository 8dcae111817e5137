/**
 * Nodes without containers: the same Node objects, leases and pod lifecycles that kubelets produce, for tests and for scale.
 * A pod bound to such a node is Running and Ready a moment later, and gone when it is deleted.
 */
import { Lease, Node, Pod } from "../../shared/api/index.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../shared/apimachinery/errors.ts";
import { keyOf } from "../../shared/apimachinery/meta.ts";
import type { Client, InformerFactory } from "../../shared/client/index.ts";
import type { Logger } from "../../shared/lib/logger.ts";
import { formatMicroTime, formatTime, type Platform, type Timer } from "../../shared/lib/platform.ts";
import { runningStatus } from "./pod-status.ts";
import { simulatedNode, type NodeShape } from "./node-object.ts";

export interface SimulatedNodesOptions {
  client: Client;
  informers: InformerFactory;
  platform: Platform;
  logger: Logger;
  names: readonly string[];
  /** Default 8 CPUs, 32 GiB, 110 pods. */
  shape?: NodeShape;
}

const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;

export class SimulatedNodes {
  private readonly options: SimulatedNodesOptions;
  private readonly names: ReadonlySet<string>;
  /** Pods a status was written for, by uid. */
  private readonly started = new Set<string>();
  private removeHandlers: (() => void)[] = [];
  private renewal: Timer | undefined;
  private addresses = 0;

  constructor(options: SimulatedNodesOptions) {
    this.options = options;
    this.names = new Set(options.names);
  }

  /** Resolves when every node is registered and Ready. */
  async start(signal?: AbortSignal): Promise<void> {
    const { informers, platform, names } = this.options;
    await Promise.all(names.map((name, index) => this.register(name, index)));
    const pods = informers.informer(Pod);
    this.removeHandlers.push(
      pods.onEvent({
        added: (pod) => this.sync(pod),
        updated: (pod) => this.sync(pod),
        deleted: (pod) => void this.started.delete(pod.metadata.uid),
      }),
    );
    this.renewal = platform.clock.every(RENEW_MS, () => void this.renew(), { background: true });
    await informers.start(signal);
  }

  close(): void {
    this.renewal?.cancel();
    for (const remove of this.removeHandlers.splice(0)) remove();
  }

  private async register(name: string, index: number): Promise<void> {
    const { client, platform, shape } = this.options;
    const node = simulatedNode(name, index, formatTime(platform.clock.now()), shape);
    await client.create(Node, node).catch(ignore(isAlreadyExists));
    await client.create(Lease, this.lease(name)).catch(ignore(isAlreadyExists));
    await client.patch(Node, { name }, "merge", { status: node.status }, { subresource: "status" });
  }

  private lease(name: string) {
    const renewTime = formatMicroTime(this.options.platform.clock.now());
    return {
      metadata: { name, namespace: "kube-node-lease" },
      spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime },
    };
  }

  private async renew(): Promise<void> {
    for (const name of this.names) {
      const { spec, metadata } = this.lease(name);
      await this.options.client
        .patch(Lease, metadata, "merge", { spec: { renewTime: spec.renewTime } })
        .catch(this.report(`lease ${name}`));
    }
  }

  private sync(pod: Pod): void {
    if (!this.names.has(pod.spec.nodeName ?? "")) return;
    const key = keyOf(pod.metadata);
    if (pod.metadata.deletionTimestamp) {
      void this.options.client
        .delete(Pod, pod.metadata, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
        .catch(this.report(key));
    } else if (!this.started.has(pod.metadata.uid) && (pod.status.phase ?? "Pending") === "Pending") {
      this.started.add(pod.metadata.uid);
      const n = this.addresses++;
      const ip = `10.${200 + ((n >> 16) % 50)}.${(n >> 8) & 255}.${n & 255}`;
      const status = runningStatus(pod, ip, formatTime(this.options.platform.clock.now()));
      void this.options.client.patch(Pod, pod.metadata, "merge", { status }, { subresource: "status" }).catch(this.report(key));
    }
  }

  /** What vanished or moved on meanwhile is no fault; the next event brings it back. */
  private report(what: string): (error: unknown) => void {
    return (error) => {
      if (!isNotFound(error) && !isConflict(error)) this.options.logger.warn({ what, error }, "simulated node");
    };
  }
}

function ignore(matches: (error: unknown) => boolean): (error: unknown) => void {
  return (error) => {
    if (!matches(error)) throw error;
  };
}

export type { NodeShape } from "./node-object.ts";
