/**
 * What to do for a pod: pure, from its spec, what runs, and what its probes say. The worker does it, looks again, and asks again.
 *
 * @source pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions v1.36
 */
import type { Container, Pod } from "../../../shared/api/generated/core-v1.ts";
import type { NamespaceMode } from "../../cri/index.ts";
import { containerHash } from "../runtime/labels.ts";
import { latest, type RuntimeContainer, type RuntimePod } from "../runtime/types.ts";
import { ephemeralContainers, initContainers, isSidecar, regularContainers } from "./containers.ts";
import { planInitContainers } from "./init-actions.ts";
import { killOfUnknown } from "./kill-of-unknown.ts";
import { shouldRestart } from "./restart.ts";

/** What probes found out about one container, by its id; absent: no such probe, or no result yet. */
export interface ProbeView {
  startup(containerId: string): boolean | undefined;
  liveness(containerId: string): boolean | undefined;
  /** Its new resources take effect with a new process only. */
  mustRestart?(containerId: string): boolean;
}

export type KillReason = "LivenessProbe" | "StartupProbe" | "DefinitionChanged" | "Resize" | "Unknown";

export interface ContainerToKill {
  id: string;
  name: string;
  container: Container;
  message: string;
  reason: KillReason;
}

export interface PodActions {
  /** All that runs is stopped, sandbox and all, before anything else. */
  killPod: boolean;
  createSandbox: boolean;
  sandboxId?: string;
  attempt: number;
  ephemeralToStart: Container[];
  initToStart: Container[];
  toStart: Container[];
  toKill: ContainerToKill[];
}

export function planPod(pod: Pod, runtime: RuntimePod, probes: ProbeView): PodActions {
  const sandbox = planSandbox(pod, runtime);
  const actions: PodActions = {
    killPod: sandbox.create,
    createSandbox: sandbox.create,
    attempt: sandbox.attempt,
    ...(sandbox.id && { sandboxId: sandbox.id }),
    ephemeralToStart: [],
    initToStart: [],
    toStart: [],
    toKill: [],
  };
  if (sandbox.create) return planFreshStart(pod, runtime, actions);
  // An ephemeral container is started once, whatever the state of initialization.
  actions.ephemeralToStart = ephemeralContainers(pod).filter(({ name }) => !latest(runtime, name));
  const initialized = planInitContainers(pod, runtime, probes, actions);
  if (!actions.killPod && initialized) planRegularContainers(pod, runtime, probes, actions);
  return actions;
}

/** Whether the newest sandbox can serve the pod; a pod must never have two. */
export function planSandbox(pod: Pod, runtime: RuntimePod): { create: boolean; attempt: number; id?: string } {
  const newest = runtime.sandboxes[0];
  if (!newest) return { create: true, attempt: 0 };
  const { id, attempt } = newest;
  const readyCount = runtime.sandboxes.filter((sandbox) => sandbox.ready).length;
  if (readyCount > 1 || !newest.ready) return { create: true, attempt: attempt + 1, id };
  if (newest.network !== networkModeOf(pod)) return { create: true, attempt: attempt + 1 };
  if (!pod.spec.hostNetwork && newest.ips.length === 0) return { create: true, attempt: attempt + 1, id };
  return { create: false, attempt, id };
}

const networkModeOf = (pod: Pod): NamespaceMode => (pod.spec.hostNetwork ? "NODE" : "POD");

function planFreshStart(pod: Pod, runtime: RuntimePod, actions: PodActions): PodActions {
  // A pod that is done, or that may not run twice, does not come back because its sandbox went.
  const mayRestart =
    pod.spec.restartPolicy !== "Never" || regularContainers(pod).some((c) => c.restartPolicy && c.restartPolicy !== "Never");
  if (!mayRestart && actions.attempt !== 0 && runtime.containers.length > 0) return { ...actions, createSandbox: false };
  const toStart = regularContainers(pod).filter((container) => !(runsOnce(container, pod) && succeeded(container, runtime)));
  const ranBefore = regularContainers(pod).some(({ name }) => latest(runtime, name));
  if (toStart.length === 0 && ranBefore) return { ...actions, createSandbox: false };
  const [first] = initContainers(pod);
  return first ? { ...actions, initToStart: [first] } : { ...actions, toStart };
}

const runsOnce = (container: Container, pod: Pod) => (container.restartPolicy ?? pod.spec.restartPolicy) === "OnFailure";

function succeeded(container: Container, runtime: RuntimePod): boolean {
  const last = latest(runtime, container.name);
  return last?.state === "exited" && last.exitCode === 0;
}

function planRegularContainers(pod: Pod, runtime: RuntimePod, probes: ProbeView, actions: PodActions): void {
  let kept = 0;
  for (const container of regularContainers(pod)) {
    const last = latest(runtime, container.name);
    if (last?.state !== "running") {
      if (!shouldRestart(container, pod, runtime)) continue;
      actions.toStart.push(container);
      if (last?.state === "unknown") actions.toKill.push(killOfUnknown(container, last));
      continue;
    }
    const kill = reasonToKill(container, last, probes);
    if (!kill) {
      kept++;
      continue;
    }
    const changed = kill.reason === "DefinitionChanged" || kill.reason === "Resize";
    const restart = changed || (container.restartPolicy ?? pod.spec.restartPolicy) !== "Never";
    if (restart) actions.toStart.push(container);
    actions.toKill.push({ ...kill, message: restart ? `${kill.message}, will be restarted` : kill.message });
  }
  if (kept === 0 && actions.toStart.length === 0) {
    // Nothing is left to wait for: sidecars must not keep the pod alive.
    actions.killPod = true;
    actions.initToStart = [];
  }
}

function reasonToKill(container: Container, running: RuntimeContainer, probes: ProbeView): ContainerToKill | undefined {
  const of = { id: running.id, name: container.name, container };
  if (running.notes.hash !== containerHash(container)) {
    const what = isSidecar(container) ? "Init container" : "Container";
    return { ...of, reason: "DefinitionChanged", message: `${what} ${container.name} definition changed` };
  }
  if (probes.liveness(running.id) === false) {
    return { ...of, reason: "LivenessProbe", message: `Container ${container.name} failed liveness probe` };
  }
  if (probes.startup(running.id) === false) {
    return { ...of, reason: "StartupProbe", message: `Container ${container.name} failed startup probe` };
  }
  if (probes.mustRestart?.(running.id))
    return { ...of, reason: "Resize", message: `Container ${container.name} resize requires restart` };
  return undefined;
}
