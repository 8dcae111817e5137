/**
 * The phase of a pod, from the states of its containers.
 *
 * @source pkg/kubelet/kubelet_pods.go getPhase v1.36
 */
import type { Container, ContainerStateTerminated, ContainerStatus, Pod } from "../../../shared/api/generated/core-v1.ts";
import { initContainers, isSidecar, regularContainers } from "./containers.ts";
import { restartsAfter } from "./restart.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

export interface PhaseInput {
  pod: Pod;
  statuses: readonly ContainerStatus[];
  /** All containers have stopped for good, whatever the restart policy says. */
  terminal: boolean;
  /** A regular container of the current sandbox was started at some time. */
  initialized: boolean;
}

type Count =
  | "unknown"
  | "running"
  | "waiting"
  | "stopped"
  | "succeeded"
  | "stoppedForGood"
  | "pendingInit"
  | "pendingSidecar"
  | "failedInit";

export function podPhase({ pod, statuses, terminal, initialized }: PhaseInput): PodPhase {
  const count = countStates(pod, statuses);
  if (count.failedInit > 0) return "Failed";
  if (count.pendingInit > 0 || (count.pendingSidecar > 0 && !initialized) || count.waiting > 0) return "Pending";
  if (count.unknown > 0) return "Pending";
  if (count.running > 0) return "Running";
  if (count.stopped === 0) return "Pending";
  if (!terminal && count.stopped !== count.stoppedForGood) return "Running";
  return count.stopped === count.succeeded ? "Succeeded" : "Failed";
}

function countStates(pod: Pod, statuses: readonly ContainerStatus[]): Record<Count, number> {
  const count: Record<Count, number> = {
    unknown: 0,
    running: 0,
    waiting: 0,
    stopped: 0,
    succeeded: 0,
    stoppedForGood: 0,
    pendingInit: 0,
    pendingSidecar: 0,
    failedInit: 0,
  };
  const of = (container: Container) => statuses.find(({ name }) => name === container.name);
  for (const container of initContainers(pod)) {
    if (isSidecar(container)) countSidecar(of(container), count);
    else countInit(container, pod, of(container), count);
  }
  for (const container of regularContainers(pod)) countRegular(container, pod, of(container), count);
  return count;
}

/** How it ended: in its state, or in its last state while it waits to be started again. */
const ended = (status: ContainerStatus): ContainerStateTerminated | undefined =>
  status.state.terminated ?? (status.state.waiting ? status.lastState.terminated : undefined);

function countInit(container: Container, pod: Pod, status: ContainerStatus | undefined, count: Record<Count, number>): void {
  const end = status && ended(status);
  if (!end) count.pendingInit++;
  else if (end.exitCode !== 0 && !restartsAfter(container, pod.spec, end.exitCode)) count.failedInit++;
}

function countSidecar(status: ContainerStatus | undefined, count: Record<Count, number>): void {
  if (!status) count.unknown++;
  else if (status.state.running) {
    count.running++;
    if (!status.started) count.pendingSidecar++;
  } else if (!ended(status)) {
    count.pendingSidecar++;
    if (status.state.waiting) count.waiting++;
    else count.unknown++;
  }
}

function countRegular(container: Container, pod: Pod, status: ContainerStatus | undefined, count: Record<Count, number>): void {
  if (!status) return void count.unknown++;
  if (status.state.running) return void count.running++;
  const end = ended(status);
  if (!end) return void count[status.state.waiting ? "waiting" : "unknown"]++;
  count.stopped++;
  if (!restartsAfter(container, pod.spec, end.exitCode)) count.stoppedForGood++;
  if (status.state.terminated && end.exitCode === 0) count.succeeded++;
}
