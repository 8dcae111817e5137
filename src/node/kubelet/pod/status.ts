/**
 * The whole status of a pod: pure, from its spec, the runtime's records, probe results and what was said before.
 *
 * @source pkg/kubelet/kubelet_pods.go generateAPIPodStatus, pkg/kubelet/prober/prober_manager.go UpdatePodStatus v1.36
 */
import type { ContainerStatus, Pod, PodStatus, ResourceRequirements } from "../../../shared/api/generated/core-v1.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { RuntimePod } from "../runtime/types.ts";
import { KUBELET_CONDITIONS, kubeletConditions, withTransitionTimes, type ResizeState } from "./conditions.ts";
import { containerStatuses, plainContainerId, type WaitingReason } from "./container-status.ts";
import {
  ephemeralContainers,
  initContainers,
  isSidecar,
  isTerminalPhase,
  regularContainers,
  type ContainerRole,
} from "./containers.ts";
import { podPhase, type PodPhase } from "./phase.ts";
import { qosClass } from "./qos.ts";

export interface StatusProbes {
  startup(containerId: string): boolean | undefined;
  readiness(containerId: string): boolean | undefined;
}

export interface StatusInput {
  pod: Pod;
  runtime: RuntimePod;
  /** What this kubelet computed last, or what the API has. */
  old: PodStatus;
  probes: StatusProbes;
  waiting(container: string): WaitingReason | undefined;
  hostIPs: readonly string[];
  /** All containers have stopped and none will be started again. */
  terminal?: boolean;
  /** The kubelet itself ends the pod: refused, evicted, past its deadline. */
  verdict?: { phase: "Failed"; reason: string; message: string };
  now: number;
  resize?: ResizeState;
  /** What a container really has, where it is not yet what it was granted. */
  appliedResources?(container: string): ResourceRequirements | undefined;
}

export function podStatus(input: StatusInput): PodStatus {
  const { pod, old, now, runtime } = input;
  const init = statusesOf("init", input);
  const regular = statusesOf("regular", input);
  const all = [...init, ...regular];
  const { phase, reason, message } = settlePhase(input, all);
  const foreign = (pod.status?.conditions ?? []).filter(({ type }) => !KUBELET_CONDITIONS.has(type));
  const conditions = kubeletConditions({
    pod,
    runtime,
    phase,
    statuses: all,
    foreign,
    ...(input.resize && { resize: input.resize }),
  });
  const ephemeral = statusesOf("ephemeral", input);
  return {
    ...(pod.metadata.generation && { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: [...foreign, ...withTransitionTimes(conditions, old.conditions ?? [], formatTime(now))],
    ...(message && { message }),
    ...(reason && { reason }),
    ...addresses(input),
    startTime: old.startTime ?? formatTime(now),
    ...(init.length > 0 && { initContainerStatuses: init }),
    ...(regular.length > 0 && { containerStatuses: regular }),
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
    qosClass: qosClass(pod),
  };
}

/** A pod's phase never leaves Succeeded or Failed; reason and message belong to the phase they came with. */
function settlePhase(
  input: StatusInput,
  statuses: readonly ContainerStatus[],
): { phase: PodPhase; reason?: string; message?: string } {
  const { pod, old, runtime } = input;
  const apiPhase = pod.status?.phase;
  const regular = new Set(regularContainers(pod).map(({ name }) => name));
  const sandbox = runtime.sandboxes[0]?.id;
  const initialized = runtime.containers.some(({ name, sandboxId }) => regular.has(name) && sandboxId === sandbox);
  let phase = podPhase({ pod, statuses, terminal: !!input.terminal, initialized });
  if (input.verdict) return input.verdict;
  if (isTerminalPhase(apiPhase)) phase = apiPhase as PodPhase;
  else if (isTerminalPhase(old.phase)) phase = old.phase as PodPhase;
  if (phase !== old.phase) return { phase };
  const reason = old.reason || pod.status?.reason;
  const message = old.message || pod.status?.message;
  return { phase, ...(reason && { reason }), ...(message && { message }) };
}

function statusesOf(role: ContainerRole, input: StatusInput): ContainerStatus[] {
  const { pod, runtime, old, waiting, probes } = input;
  const [containers, previous] = {
    init: [initContainers(pod), old.initContainerStatuses],
    regular: [regularContainers(pod), old.containerStatuses],
    ephemeral: [ephemeralContainers(pod), old.ephemeralContainerStatuses],
  }[role] as [ReturnType<typeof regularContainers>, ContainerStatus[] | undefined];
  const statuses = containerStatuses({ pod, runtime, role, containers, previous: previous ?? [], waiting });
  if (role === "ephemeral") return statuses;
  for (const status of statuses) {
    const applied = status.state.running && input.appliedResources?.(status.name);
    if (applied) status.resources = { ...applied };
  }
  return statuses.map((status) =>
    withReadiness(
      status,
      containers.find(({ name }) => name === status.name)!,
      role,
      probes,
    ),
  );
}

function withReadiness(
  status: ContainerStatus,
  container: ReturnType<typeof regularContainers>[number],
  role: ContainerRole,
  probes: StatusProbes,
): ContainerStatus {
  const id = plainContainerId(status.containerID);
  const started = !!status.state.running && (container.startupProbe ? probes.startup(id) === true : true);
  if (role === "init" && !isSidecar(container)) return { ...status, started, ready: status.state.terminated?.exitCode === 0 };
  const ready = started && (container.readinessProbe ? probes.readiness(id) === true : true);
  return { ...status, started, ready };
}

/** A pod keeps the address it had: after its sandbox is gone it is still told where it was. */
function addresses({ pod, runtime, old, hostIPs }: StatusInput): Partial<PodStatus> {
  const host = hostIPs.length > 0 ? { hostIP: hostIPs[0]!, hostIPs: hostIPs.map((ip) => ({ ip })) } : {};
  const ips = pod.spec.hostNetwork ? (old.podIPs?.map(({ ip }) => ip) ?? hostIPs) : podIPs(runtime, old);
  return ips.length > 0 ? { ...host, podIP: ips[0]!, podIPs: ips.map((ip) => ({ ip })) } : host;
}

function podIPs(runtime: RuntimePod, old: PodStatus): readonly string[] {
  const current = runtime.sandboxes.find((sandbox) => sandbox.ready && sandbox.ips.length > 0)?.ips;
  return current ?? old.podIPs?.map(({ ip }) => ip) ?? [];
}
