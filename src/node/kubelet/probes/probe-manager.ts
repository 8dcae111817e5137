/**
 * All probes of the node's pods, and what they found out: asked by the status and by the plan, which are told when a result changes.
 *
 * @source pkg/kubelet/prober/prober_manager.go v1.36
 */
import type { Container, Pod, Probe } from "../../../shared/api/generated/core-v1.ts";
import type { EventRecorder } from "../../../shared/client/index.ts";
import type { Clock } from "../../../shared/lib/platform.ts";
import type { Cri } from "../../cri/index.ts";
import { recordForContainer } from "../context.ts";
import { plainContainerId } from "../pod/container-status.ts";
import { allContainers, isSidecar, type ContainerRole } from "../pod/containers.ts";
import { latest, type RuntimeContainer, type RuntimePod } from "../runtime/types.ts";
import { ProbeWorker, type ProbeKind } from "./probe-worker.ts";
import { runProbe } from "./run-probe.ts";

export interface ProbeManagerOptions {
  cri: Cri;
  clock: Clock;
  recorder: EventRecorder;
  onChange(podUid: string): void;
  /** Where pods on the host's network answer. */
  hostIP(): string;
}

const KINDS: Record<ProbeKind, "startupProbe" | "livenessProbe" | "readinessProbe"> = {
  Startup: "startupProbe",
  Liveness: "livenessProbe",
  Readiness: "readinessProbe",
};

interface PodProbes {
  workers: Map<string, ProbeWorker>;
  /** Containers whose initial results are set. */
  seen: Set<string>;
}

export class ProbeManager {
  readonly #options: ProbeManagerOptions;
  readonly #pods = new Map<string, PodProbes>();
  readonly #results: Record<ProbeKind, Map<string, boolean>> = { Startup: new Map(), Liveness: new Map(), Readiness: new Map() };
  readonly #begun: number;

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
    this.#begun = options.clock.now();
  }

  startup = (containerId: string): boolean | undefined => this.#results.Startup.get(containerId);
  liveness = (containerId: string): boolean | undefined => this.#results.Liveness.get(containerId);
  readiness = (containerId: string): boolean | undefined => this.#results.Readiness.get(containerId);

  /** Makes a worker for each probe of the pod. */
  watchPod(pod: Pod): void {
    const uid = pod.metadata.uid!;
    if (this.#pods.has(uid)) return;
    const workers = new Map<string, ProbeWorker>();
    for (const { container, role } of probed(pod)) {
      for (const kind of Object.keys(KINDS) as ProbeKind[]) {
        const probe = container[KINDS[kind]];
        if (probe) workers.set(`${container.name}/${kind}`, this.#worker(pod, container, role, kind, probe));
      }
    }
    this.#pods.set(uid, { workers, seen: new Set() });
  }

  /** Tells the workers which containers run. */
  observe(pod: Pod, runtime: RuntimePod): void {
    const entry = this.#pods.get(pod.metadata.uid!);
    if (!entry) return;
    const podIP = this.#podIP(pod, runtime);
    for (const { container } of probed(pod)) {
      const record = latest(runtime, container.name);
      const running = record?.state === "running" ? record : undefined;
      if (running && !entry.seen.has(running.id)) this.#begin(pod, container, running, entry);
      const started = !!running && (!container.startupProbe || this.startup(running.id) === true);
      entry.workers.get(`${container.name}/Startup`)?.observe(started ? undefined : running, podIP, true);
      entry.workers.get(`${container.name}/Liveness`)?.observe(running, podIP, started);
      entry.workers.get(`${container.name}/Readiness`)?.observe(running, podIP, started);
    }
    this.#forgetOthers(entry, new Set(runtime.containers.map(({ id }) => id)));
  }

  /** A pod that ends is not killed for ending: only readiness is still asked. */
  quiet(uid: string): void {
    const entry = this.#pods.get(uid);
    for (const [key, worker] of entry?.workers ?? []) if (!key.endsWith("/Readiness")) worker.stop();
  }

  drop(uid: string): void {
    const entry = this.#pods.get(uid);
    for (const worker of entry?.workers.values() ?? []) worker.stop();
    if (entry) this.#forgetOthers(entry, new Set());
    this.#pods.delete(uid);
  }

  close(): void {
    for (const uid of this.#pods.keys()) this.drop(uid);
  }

  #podIP(pod: Pod, runtime: RuntimePod): string {
    if (pod.spec.hostNetwork) return this.#options.hostIP();
    return runtime.sandboxes.find(({ ready, ips }) => ready && ips.length > 0)?.ips[0] ?? pod.status?.podIP ?? "";
  }

  /** Unready and alive until known better; one that ran before this kubelet stays what it was. */
  #begin(pod: Pod, container: Container, { id, startedAt }: RuntimeContainer, entry: PodProbes): void {
    entry.seen.add(id);
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    const before = startedAt < this.#begun ? statuses.find((status) => plainContainerId(status.containerID) === id) : undefined;
    if (container.readinessProbe) this.#results.Readiness.set(id, before?.ready ?? false);
    if (container.livenessProbe) this.#results.Liveness.set(id, true);
    if (container.startupProbe && before?.started) this.#results.Startup.set(id, true);
  }

  #forgetOthers(entry: PodProbes, kept: ReadonlySet<string>): void {
    for (const id of entry.seen) {
      if (kept.has(id)) continue;
      entry.seen.delete(id);
      for (const results of Object.values(this.#results)) results.delete(id);
    }
  }

  #worker(pod: Pod, container: Container, role: ContainerRole, kind: ProbeKind, probe: Probe): ProbeWorker {
    const { cri, clock, onChange } = this.#options;
    return new ProbeWorker({
      kind,
      probe,
      container,
      clock,
      run: (target) => runProbe(cri, probe, target),
      onResult: (id, healthy) => {
        if (this.#results[kind].get(id) === healthy) return;
        this.#results[kind].set(id, healthy);
        onChange(pod.metadata.uid!);
      },
      onUnhealthy: (outcome) => {
        if (outcome.result === "success") return;
        const [reason, text] = {
          warning: ["ProbeWarning", `${kind} probe warning: ${outcome.message}`],
          failure: ["Unhealthy", `${kind} probe failed: ${outcome.message}`],
          unknown: ["Unhealthy", `${kind} probe errored and resulted in unknown state: ${outcome.message}`],
        }[outcome.result] as [string, string];
        recordForContainer(this.#options, pod, role, container, ["Warning", reason, text]);
      },
    });
  }
}

/** Sidecars are probed like regular containers. */
const probed = (pod: Pod) =>
  [...allContainers(pod)].filter(({ container, role }) => role === "regular" || (role === "init" && isSidecar(container)));
