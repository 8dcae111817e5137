/**
 * A pod's row: how far it is, in one word.
 *
 * @source pkg/printers/internalversion/printers.go (printPod) v1.36
 */
import { age, NONE, since } from "../cells.ts";
import type { ContainerStatus, Pod } from "../generated/core-v1.ts";
import type { Cells, ReadContext } from "../kind.ts";

type Status = Partial<Pod["status"]>;

export const podCells: Cells<Pod> = (pod, context) => {
  const status: Status = pod.status ?? {};
  const { ready, reason, restarts } = progressOf(pod, status);
  const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar).length;
  const total = (pod.spec?.containers?.length ?? 0) + sidecars;
  return [
    pod.metadata.name,
    `${ready}/${total}`,
    deletedReason(pod, status) ?? reason,
    restartsText(restarts, context),
    age(pod, context),
    status.podIPs?.[0]?.ip || NONE,
    pod.spec?.nodeName || NONE,
    status.nominatedNodeName || NONE,
    gatesText(pod, status),
  ];
};

const isSidecar = (container: { restartPolicy?: string } | undefined) => container?.restartPolicy === "Always";

interface Restarts {
  count: number;
  last?: string;
}

interface Progress {
  ready: number;
  reason: string;
  restarts: Restarts;
}

function progressOf(pod: Pod, status: Status): Progress {
  const gated = status.conditions?.some(({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated");
  const first = gated ? "SchedulingGated" : status.reason || status.phase || "";
  const init = initProgress(pod, status, first);
  const isInitialized = status.conditions?.find(({ type }) => type === "Initialized")?.status === "True";
  if (init.waits && !isInitialized) return { ready: init.ready, reason: init.reason, restarts: init.restarts };
  return mainProgress(status, init.ready, init.reason, init.sidecarRestarts);
}

interface InitProgress extends Progress {
  waits: boolean;
  sidecarRestarts: Restarts;
}

function initProgress(pod: Pod, status: Status, reason: string): InitProgress {
  const containers = pod.spec?.initContainers ?? [];
  const progress: InitProgress = { ready: 0, reason, waits: false, restarts: { count: 0 }, sidecarRestarts: { count: 0 } };
  for (const [i, container] of (status.initContainerStatuses ?? []).entries()) {
    const sidecar = isSidecar(containers.find(({ name }) => name === container.name));
    addRestarts(progress.restarts, container);
    if (sidecar) addRestarts(progress.sidecarRestarts, container);
    const { terminated, waiting } = container.state ?? {};
    if (terminated && !terminated.exitCode) continue;
    if (sidecar && container.started) {
      if (container.ready) progress.ready++;
      continue;
    }
    progress.waits = true;
    if (terminated) progress.reason = `Init:${endOf(terminated)}`;
    else if (waiting?.reason && waiting.reason !== "PodInitializing") progress.reason = `Init:${waiting.reason}`;
    else progress.reason = `Init:${i}/${containers.length}`;
    break;
  }
  return progress;
}

function mainProgress(status: Status, sidecarsReady: number, before: string, restarts: Restarts): Progress {
  let [ready, reason, failure, isRunning] = [sidecarsReady, before, "", false];
  for (const container of (status.containerStatuses ?? []).toReversed()) {
    addRestarts(restarts, container);
    const { terminated, waiting, running } = container.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) {
      reason = endOf(terminated);
      if (terminated.exitCode) failure = reason;
    } else if (container.ready && running) {
      isRunning = true;
      ready++;
    }
  }
  if (reason === "Completed") {
    const isReady = status.conditions?.some((c) => c.type === "Ready" && c.status === "True");
    if (isRunning && isReady) reason = "Running";
    else if (failure) reason = failure;
    else if (isRunning) reason = "NotReady";
  }
  return { ready, reason, restarts };
}

function endOf({ reason, signal, exitCode = 0 }: { reason?: string; signal?: number; exitCode?: number }): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`);
}

function addRestarts(restarts: Restarts, { restartCount = 0, lastState }: ContainerStatus): void {
  restarts.count += restartCount;
  const finished = lastState?.terminated?.finishedAt;
  if (finished && (!restarts.last || restarts.last < finished)) restarts.last = finished;
}

function restartsText({ count, last }: Restarts, { now }: ReadContext): string {
  return count && last ? `${count} (${since(last, now)} ago)` : String(count);
}

function deletedReason({ metadata }: Pod, { reason, phase }: Status): string | undefined {
  if (!metadata.deletionTimestamp) return undefined;
  if (reason === "NodeLost") return "Unknown";
  return phase === "Succeeded" || phase === "Failed" ? undefined : "Terminating";
}

function gatesText({ spec }: Pod, { conditions = [] }: Status): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const open = gates.filter(({ conditionType }) => conditions.find(({ type }) => type === conditionType)?.status === "True");
  return `${open.length}/${gates.length}`;
}
