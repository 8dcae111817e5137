/**
 * Ending containers: preStop hook, the order of sidecars, SIGTERM, SIGKILL after the grace period.
 *
 * @source pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer, kuberuntime_termination_order.go v1.36
 */
import type { Container, Pod } from "../../../shared/api/generated/core-v1.ts";
import { pause } from "../../../shared/lib/platform.ts";
import { isCriNotFound } from "../../cri/index.ts";
import { recordForContainer, type KubeletContext } from "../context.ts";
import type { KillReason } from "../pod/actions.ts";
import { allContainers, initContainers, isSidecar, type ContainerRole } from "../pod/containers.ts";
import type { RuntimeContainer, RuntimePod } from "../runtime/types.ts";
import { runHook } from "./hooks.ts";

const MINIMUM_GRACE_SECONDS = 2;

export interface KillRequest {
  pod: Pod;
  container: Container;
  role: ContainerRole;
  id: string;
  podIP: string;
  message?: string;
  reason?: KillReason | "FailedPostStartHook";
  graceSeconds?: number;
  /** Resolves when those that have to end first have ended. */
  turn?: Promise<void>;
  signal: AbortSignal;
}

export async function killContainer(context: KubeletContext, request: KillRequest): Promise<void> {
  const { pod, container, role, id, signal } = request;
  const { clock } = context.platform;
  const grace = request.graceSeconds ?? gracePeriod(pod, container, request.reason);
  recordForContainer(context, pod, role, container, [
    "Normal",
    "Killing",
    request.message || `Stopping container ${container.name}`,
  ]);
  const end = clock.monotonic() + grace * 1000;
  const preStop = container.lifecycle?.preStop;
  if (preStop && grace > 0) {
    const hook = runHook(context, preStop, { pod, container, containerId: id, podIP: request.podIP, signal }).catch(
      (error: unknown) => {
        if (signal.aborted) return;
        context.log.warn({ err: error, pod: pod.metadata.name, container: container.name }, "preStop hook failed");
        // The text of the hook may hold secrets.
        recordForContainer(context, pod, role, container, ["Warning", "FailedPreStopHook", "PreStopHook failed"]);
      },
    );
    await Promise.race([hook, pause(context.platform.clock, grace * 1000, signal)]);
  }
  if (request.turn && clock.monotonic() < end) await Promise.race([request.turn, pause(clock, end - clock.monotonic(), signal)]);
  signal.throwIfAborted();
  const left = Math.max(MINIMUM_GRACE_SECONDS, Math.ceil((end - clock.monotonic()) / 1000));
  try {
    await context.cri.stopContainer(id, left, signal);
  } catch (error) {
    if (!isCriNotFound(error)) throw error;
  }
}

function gracePeriod(pod: Pod, container: Container, reason: KillRequest["reason"]): number {
  const { deletionGracePeriodSeconds } = pod.metadata;
  if (deletionGracePeriodSeconds !== undefined && deletionGracePeriodSeconds !== null) return deletionGracePeriodSeconds;
  const probe =
    reason === "LivenessProbe" ? container.livenessProbe : reason === "StartupProbe" ? container.startupProbe : undefined;
  return probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? MINIMUM_GRACE_SECONDS;
}

export interface KillPodRequest {
  pod: Pod;
  runtime: RuntimePod;
  podIP: string;
  graceSeconds?: number;
  signal: AbortSignal;
}

/** Ends all containers of a pod side by side, sidecars after what they serve, then its sandboxes. */
export async function killPod(context: KubeletContext, request: KillPodRequest): Promise<void> {
  const { pod, runtime } = request;
  const running = runtime.containers.filter(({ state }) => state === "running" || state === "unknown");
  const turns = new Turns(pod, running);
  const kills = running.map(async (record) => {
    try {
      await killRecord(context, record, turns.of(record.name), request);
    } finally {
      turns.done(record.name);
    }
  });
  for (const result of await Promise.allSettled(kills)) if (result.status === "rejected") throw result.reason;
  await Promise.all(runtime.sandboxes.filter(({ ready }) => ready).map(({ id }) => stopSandbox(context, id)));
}

async function stopSandbox(context: Pick<KubeletContext, "cri">, id: string): Promise<void> {
  try {
    await context.cri.stopSandbox(id);
  } catch (error) {
    if (!isCriNotFound(error)) throw error;
  }
}

async function killRecord(
  context: KubeletContext,
  record: RuntimeContainer,
  turn: Promise<void> | undefined,
  request: KillPodRequest,
) {
  const { pod, podIP, signal, graceSeconds } = request;
  const known = [...allContainers(pod)].find(({ container }) => container.name === record.name);
  // A container that the spec no longer has: its own annotations say how it wants to end.
  const { preStop } = record.notes;
  const container = known?.container ?? { name: record.name, resources: {}, ...(preStop && { lifecycle: { preStop } }) };
  await killContainer(context, {
    pod,
    container,
    role: known?.role ?? "regular",
    id: record.id,
    podIP,
    signal,
    ...(turn && { turn }),
    ...(graceSeconds !== undefined && { graceSeconds }),
  });
}

/** Sidecars end in the reverse of their order, after all others. */
class Turns {
  readonly #waits = new Map<string, Promise<void>>();
  readonly #done = new Map<string, () => void>();

  constructor(pod: Pod, running: readonly RuntimeContainer[]) {
    const ended = new Map<string, Promise<void>>();
    for (const { name } of running) ended.set(name, new Promise((resolve) => this.#done.set(name, resolve)));
    const sidecars = initContainers(pod)
      .filter(isSidecar)
      .map(({ name }) => name);
    for (const [index, name] of sidecars.entries()) {
      const earlier = new Set(sidecars.slice(0, index + 1));
      const before = [...ended].filter(([other]) => !earlier.has(other)).map(([, promise]) => promise);
      this.#waits.set(
        name,
        Promise.all(before).then(() => {}),
      );
    }
  }

  of(name: string): Promise<void> | undefined {
    return this.#waits.get(name);
  }

  done(name: string): void {
    this.#done.get(name)?.();
  }
}
