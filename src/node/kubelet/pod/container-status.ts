/**
 * `containerStatuses` of a pod, from the runtime's records: the newest container of a name is its state, the one before its last state.
 *
 * @source pkg/kubelet/kubelet_pods.go convertToAPIContainerStatuses v1.36
 */
import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
  VolumeMountStatus,
} from "../../../shared/api/generated/core-v1.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import { latest, type RuntimeContainer, type RuntimePod } from "../runtime/types.ts";
import { regularContainers, isSidecar, type ContainerRole } from "./containers.ts";
import { shouldRestart } from "./restart.ts";

/** Why a container could not be started the last time it was tried. */
export interface WaitingReason {
  reason: string;
  message: string;
}

export interface ContainerStatusInput {
  pod: Pod;
  runtime: RuntimePod;
  role: ContainerRole;
  containers: readonly Container[];
  previous: readonly ContainerStatus[];
  waiting(container: string): WaitingReason | undefined;
}

const containerIdText = (id: string): string => `containerd://${id}`;
/** What stands after `containerd://`. */
export const plainContainerId = (text: string | undefined): string => text?.replace(/^\w+:\/\//, "") ?? "";

const LOST = "ContainerStatusUnknown";
const LOST_EXIT_CODE = 137;

export function containerStatuses(input: ContainerStatusInput): ContainerStatus[] {
  const statuses = input.containers.map((container) => statusOf(container, input));
  return input.role === "regular" ? statuses.sort((a, b) => (a.name < b.name ? -1 : 1)) : statuses;
}

function statusOf(container: Container, input: ContainerStatusInput): ContainerStatus {
  const old = input.previous.find(({ name }) => name === container.name);
  const records = input.runtime.containers.filter(({ name }) => name === container.name);
  const status = records[0] ? fromRecord(container, records[0], records[1], old) : withoutRecord(container, old, input);
  return asWaiting(container, status, input);
}

function fromRecord(
  container: Container,
  now: RuntimeContainer,
  before: RuntimeContainer | undefined,
  old: ContainerStatus | undefined,
): ContainerStatus {
  const status: ContainerStatus = {
    ...emptyStatus(container),
    state: stateOf(now, old),
    lastState: before ? stateOf(before, undefined) : {},
    restartCount: now.notes.restartCount,
    image: now.image || container.image!,
    imageID: now.imageRef,
    containerID: containerIdText(now.id),
    ...(container.resources.requests && { allocatedResources: { ...container.resources.requests } }),
    resources: { ...container.resources },
    ...(now.user && { user: { linux: now.user } }),
  };
  if (!before && old?.lastState.terminated) status.lastState = old.lastState;
  return status;
}

function emptyStatus(container: Container): ContainerStatus {
  const volumeMounts = mountStatuses(container);
  return {
    name: container.name,
    state: {},
    lastState: {},
    ready: false,
    restartCount: 0,
    image: container.image ?? "",
    imageID: "",
    ...(volumeMounts.length > 0 && { volumeMounts }),
  };
}

function mountStatuses(container: Container): VolumeMountStatus[] {
  return (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly && { readOnly, recursiveReadOnly: "Disabled" }),
  }));
}

function stateOf(record: RuntimeContainer, old: ContainerStatus | undefined): ContainerState {
  switch (record.state) {
    case "running":
      return { running: { startedAt: formatTime(record.startedAt) } };
    case "exited":
      return { terminated: terminated(record) };
    case "unknown":
      if (old?.state.running) return { terminated: lost("The container could not be located when the pod was terminated") };
      return { waiting: {} };
    default:
      return { waiting: {} };
  }
}

function terminated(record: RuntimeContainer): ContainerStateTerminated {
  const { exitCode, reason, message, startedAt, finishedAt } = record;
  return {
    exitCode,
    ...(reason && { reason }),
    ...(message && { message }),
    startedAt: formatTime(startedAt),
    finishedAt: formatTime(finishedAt),
    containerID: containerIdText(record.id),
  };
}

const lost = (message: string): ContainerStateTerminated => ({ exitCode: LOST_EXIT_CODE, reason: LOST, message });

/** Nothing in the runtime: it was not created yet, or its record is gone and what the API remembers is all there is. */
function withoutRecord(container: Container, old: ContainerStatus | undefined, input: ContainerStatusInput): ContainerStatus {
  const { pod, role, runtime } = input;
  if (old?.state.terminated) return old;
  const reason = (pod.spec.initContainers ?? []).length > 0 ? "PodInitializing" : "ContainerCreating";
  const status: ContainerStatus = { ...emptyStatus(container), state: { waiting: { reason } } };
  if (old) Object.assign(status, { restartCount: old.restartCount, lastState: old.lastState });
  if (old?.state.running && !status.lastState.terminated) {
    status.lastState = {
      terminated: lost("The container could not be located when the pod was deleted.  The container used to be Running"),
    };
    if (!pod.metadata.deletionTimestamp) status.restartCount++;
  }
  if (role === "init" && !isSidecar(container) && regularContainers(pod).some(({ name }) => latest(runtime, name))) {
    const message =
      "Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally";
    status.state = { terminated: { exitCode: 0, reason: "Completed", message } };
  }
  return status;
}

/** A container that will be started again says what keeps it from it. */
function asWaiting(container: Container, status: ContainerStatus, input: ContainerStatusInput): ContainerStatus {
  const { pod, runtime, role } = input;
  const last = latest(runtime, container.name);
  if (role === "init" && last?.state === "exited" && last.exitCode === 0) return status;
  if (role === "init" && !last && status.state.terminated) return status;
  if (!shouldRestart(container, pod, runtime)) return status;
  const waiting = input.waiting(container.name);
  if (!waiting) return status;
  const lastState = status.state.terminated ? { terminated: status.state.terminated } : status.lastState;
  const { reason, message } = waiting;
  return { ...status, lastState, state: { waiting: { reason, ...(message && { message }) } } };
}
