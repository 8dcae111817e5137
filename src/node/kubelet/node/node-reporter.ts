/**
 * Makes the node known and keeps it so: the Node object, its status, and the Lease that says it lives.
 *
 * @source pkg/kubelet/kubelet_node_status.go, component-helpers/apimachinery/lease v1.36
 */
import { Lease } from "../../../shared/api/coordination/lease.ts";
import { Node } from "../../../shared/api/core/node.ts";
import type { NodeStatus, Taint } from "../../../shared/api/generated/core-v1.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../../shared/apimachinery/errors.ts";
import type { Client } from "../../../shared/client/index.ts";
import type { Logger } from "../../../shared/lib/logger.ts";
import { formatMicroTime, pause, type Clock } from "../../../shared/lib/platform.ts";
import type { Cri } from "../../cri/index.ts";
import type { Machine } from "./machine.ts";
import { nodeStatus, nodeStatusPatch } from "./node-status.ts";

const LEASE_SECONDS = 40;
const LEASE_EVERY_MS = 10_000;
const STATUS_EVERY_MS = 10_000;
/** While nothing changes. */
const HEARTBEAT_MS = 5 * 60_000;
const RETRY_MS = 1_000;
/** Until the runtime's network is up it is asked often: the node is not ready before. */
const NETWORK_CHECK_MS = 200;
const LEASE_NAMESPACE = "kube-node-lease";

export interface NodeReporterOptions {
  client: Client;
  cri: Cri;
  clock: Clock;
  log: Logger;
  nodeName: string;
  machine: Machine;
  addresses: readonly string[];
  port: number;
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  providerId?: string;
}

export class NodeReporter {
  readonly #options: NodeReporterOptions;
  #node: Node | undefined;
  #heartbeatAt = -Infinity;
  #networkProblem = "the runtime was not asked yet";
  #allocatable: Record<string, string> = {};

  constructor(options: NodeReporterOptions) {
    this.#options = options;
    this.#allocatable = { ...options.machine.capacity };
  }

  /** Empty: pods with a network of their own can run. */
  get networkProblem(): string {
    return this.#networkProblem;
  }

  get allocatable(): Readonly<Record<string, string>> {
    return this.#allocatable;
  }

  get node(): Node | undefined {
    return this.#node;
  }

  /** Reads the Node anew: labels, taints and extended resources that others have written since the last report. */
  async refresh(): Promise<void> {
    const { client, nodeName } = this.#options;
    this.#node = await client.get(Node, { name: nodeName });
    await this.#status(this.#node.status);
  }

  /** Resolves when the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#untilDone(() => this.#register(), signal);
    await Promise.all([this.#repeat(() => this.#reportStatus(), signal), this.#repeatLease(signal)]);
  }

  async #untilDone(action: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        return await action();
      } catch (error) {
        if (signal.aborted) return;
        this.#options.log.warn({ err: error }, "the node could not be registered");
        await pause(this.#options.clock, RETRY_MS, signal);
      }
    }
  }

  async #repeat(action: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await action();
      } catch (error) {
        if (!signal.aborted) this.#options.log.warn({ err: error }, "the node's status could not be written");
      }
      const wait = this.#networkProblem ? NETWORK_CHECK_MS : STATUS_EVERY_MS;
      await pause(this.#options.clock, wait, signal);
    }
  }

  async #repeatLease(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#renewLease();
      } catch (error) {
        if (!signal.aborted) this.#options.log.warn({ err: error }, "the node's lease could not be renewed");
      }
      await pause(this.#options.clock, LEASE_EVERY_MS, signal);
    }
  }

  async #register(): Promise<void> {
    const { client, nodeName, taints, providerId } = this.#options;
    const metadata = {
      name: nodeName,
      labels: this.#labels(),
      annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" },
    };
    const spec = { ...(taints.length > 0 && { taints: [...taints] }), ...(providerId && { providerID: providerId }) };
    const status = await this.#status({});
    try {
      this.#node = await client.create(Node, { metadata, spec, status });
      this.#heartbeatAt = this.#options.clock.monotonic();
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      this.#node = await client.get(Node, { name: nodeName });
      const patch = { metadata: { labels: this.#labels(), annotations: metadata.annotations } };
      this.#node = await client.patch(Node, { name: nodeName }, "strategic", patch);
    }
  }

  #labels(): Record<string, string> {
    const { nodeName, labels, machine } = this.#options;
    const { architecture, operatingSystem } = machine.info;
    return {
      "beta.kubernetes.io/arch": architecture,
      "beta.kubernetes.io/os": operatingSystem,
      "kubernetes.io/arch": architecture,
      "kubernetes.io/os": operatingSystem,
      "kubernetes.io/hostname": nodeName,
      ...labels,
    };
  }

  async #status(old: Partial<NodeStatus>): Promise<NodeStatus> {
    const { cri, clock, machine, nodeName, addresses, port } = this.#options;
    const { problem, handlers } = await this.#askRuntime();
    const images = await cri.listImages().catch(() => []);
    const status = nodeStatus({ machine, nodeName, addresses, port, images, handlers, problem, old, now: clock.now() });
    this.#allocatable = { ...status.allocatable };
    return status;
  }

  async #askRuntime(): Promise<{ problem: string; handlers: string[] }> {
    try {
      const { conditions, handlers } = await this.#options.cri.status();
      const network = conditions.find(({ type }) => type === "NetworkReady");
      this.#networkProblem = network?.status === false ? describe(network) : "";
      const runtime = conditions.find(({ type }) => type === "RuntimeReady");
      const runtimeProblem =
        runtime?.status === false ? `container runtime status check may not have completed yet: ${describe(runtime)}` : "";
      const networkProblem = this.#networkProblem && `container runtime network not ready: ${this.#networkProblem}`;
      const names = handlers.map(({ name }) => name).filter(Boolean);
      return { problem: runtimeProblem || networkProblem, handlers: names.length > 0 ? names : ["runc"] };
    } catch (error) {
      return { problem: `container runtime is down: ${(error as Error).message}`, handlers: ["runc"] };
    }
  }

  async #reportStatus(): Promise<void> {
    const { client, clock, nodeName } = this.#options;
    const due = clock.monotonic() - this.#heartbeatAt >= HEARTBEAT_MS;
    // Others write the node too: extended resources are kept as they are now.
    this.#node = await client.get(Node, { name: nodeName });
    const status = await this.#status(this.#node.status ?? {});
    const patch = nodeStatusPatch(this.#node.status ?? {}, status, due || this.#heartbeatAt === -Infinity);
    if (!patch) return;
    this.#node = await client.patch(Node, { name: nodeName }, "strategic", { status: patch }, { subresource: "status" });
    if (patch.conditions) this.#heartbeatAt = clock.monotonic();
  }

  async #renewLease(): Promise<void> {
    const { client, clock, nodeName } = this.#options;
    const name = { namespace: LEASE_NAMESPACE, name: nodeName };
    const renewTime = formatMicroTime(clock.now());
    const spec = { holderIdentity: nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    const uid = this.#node?.metadata.uid;
    const ownerReferences = uid ? [{ apiVersion: "v1", kind: "Node", name: nodeName, uid }] : [];
    try {
      await client.patch(Lease, name, "merge", { metadata: { ownerReferences }, spec });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      try {
        await client.create(Lease, { metadata: { ...name, ownerReferences }, spec });
      } catch (again) {
        if (!isAlreadyExists(again) && !isConflict(again)) throw again;
      }
    }
  }
}

const describe = ({ type, reason, message }: { type: string; reason: string; message: string }) =>
  `${type}=false reason:${reason} message:${message}`;
