/**
 * One pass over a pod that should run: volumes, then what `planPod` says.
 *
 * @source pkg/kubelet/kubelet.go SyncPod, pkg/kubelet/kuberuntime/kuberuntime_manager.go SyncPod v1.36
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Container, Pod } from "../../../shared/api/generated/core-v1.ts";
import type { SandboxConfig } from "../../cri/index.ts";
import { eventSubject, type KubeletContext } from "../context.ts";
import { volumeImagesOf } from "../images/volume-images.ts";
import { planPod, type PodActions } from "../pod/actions.ts";
import type { WaitingReason } from "../pod/container-status.ts";
import { initContainers, isSidecar, regularContainers, type ContainerRole } from "../pod/containers.ts";
import { podDns } from "../pod/dns.ts";
import { containerResources, podCgroupResources } from "../pod/resources.ts";
import { sandboxConfig } from "../pod/sandbox-config.ts";
import type { RuntimePod } from "../runtime/types.ts";
import type { Backoff } from "./backoff.ts";
import type { PodResize } from "./resize.ts";
import { killContainer, killPod } from "./kill.ts";
import { startContainer } from "./start.ts";
import { StartError } from "./start-error.ts";

/** The usual pause before something that failed is tried again. */
const RETRY_MS = 10_000;

export interface SyncRequest {
  pod: Pod;
  runtime: RuntimePod;
  podIPs: readonly string[];
  backoff: Backoff;
  /** Why containers wait, by name; kept from pass to pass and shown in the status. */
  waiting: Map<string, WaitingReason>;
  resize: PodResize;
  signal: AbortSignal;
}

export interface SyncResult {
  /** The runtime was changed: look again. */
  acted: boolean;
  /** Milliseconds since the epoch when to try again what could not be done. */
  retryAt?: number;
}

export async function syncPod(context: KubeletContext, request: SyncRequest): Promise<SyncResult> {
  const { pod, runtime, signal } = request;
  await preparePod(context, pod);
  signal.throwIfAborted();
  const { resized, restart } = await applyResize(context, request);
  const { startup, liveness } = context.probes;
  const actions = planPod(pod, runtime, { startup, liveness, mustRestart: (id) => restart.has(id) });
  if (isIdle(actions)) return { acted: resized };
  await stopUnwanted(context, request, actions);
  const sandbox = await ensureSandbox(context, request, actions);
  if (!sandbox) return { acted: true };
  return startAll(context, request, actions, sandbox);
}

/**
 * Gives running containers the resources they were granted. The pod's own cgroup is widened before and narrowed after: a child may
 * never have more than its parent. Resolves with the ids of those that have to be restarted for it.
 */
async function applyResize(context: KubeletContext, { pod, runtime, resize }: SyncRequest) {
  const changes = resize.toApply(pod, runtime);
  const restart = new Set(changes.filter((change) => change.restart).map(({ record }) => record.id));
  if (changes.length === 0) {
    if (await context.cgroups.narrowPod(pod, podCgroupResources(pod))) recordResize(context, pod);
    return { resized: false, restart };
  }
  await context.cgroups.widenPod(pod, podCgroupResources(pod));
  for (const { container, record } of changes.filter((change) => !change.restart)) {
    await context.cri.updateResources(record.id, containerResources(pod, container, context.memoryCapacity));
    resize.started(container, record.id);
    context.view.forget(record.id);
  }
  return { resized: true, restart };
}

function recordResize({ recorder }: KubeletContext, pod: Pod): void {
  const containers = regularContainers(pod).map(({ name, resources }) => ({ name, resources }));
  const done = JSON.stringify({ containers, generation: pod.metadata.generation });
  recorder.event(eventSubject(pod), "Normal", "ResizeCompleted", `Pod resize completed: ${done}`);
}

function isIdle(actions: PodActions): boolean {
  const { killPod, createSandbox, ephemeralToStart, initToStart, toStart, toKill } = actions;
  return !killPod && !createSandbox && [ephemeralToStart, initToStart, toStart, toKill].every((list) => list.length === 0);
}

/** Cgroup, directories, volumes: all of it may be there already. */
async function preparePod(context: KubeletContext, pod: Pod): Promise<void> {
  await context.cgroups.ensurePod(pod, podCgroupResources(pod));
  await mkdir(join(context.rootDir, "pods", pod.metadata.uid!), { recursive: true, mode: 0o750 });
  try {
    await context.volumes.mount(pod);
  } catch (error) {
    const { message } = error as Error;
    context.recorder.event(eventSubject(pod), "Warning", "FailedMount", message);
    throw new StartError("ContainerCreating", message);
  }
}

async function stopUnwanted(context: KubeletContext, request: SyncRequest, actions: PodActions): Promise<void> {
  const { pod, runtime, podIPs, signal } = request;
  const podIP = podIPs[0] ?? "";
  if (actions.createSandbox && actions.sandboxId) {
    context.recorder.event(
      eventSubject(pod),
      "Normal",
      "SandboxChanged",
      "Pod sandbox changed, it will be killed and re-created.",
    );
  }
  if (actions.killPod) {
    await killPod(context, { pod, runtime, podIP, signal });
    if (actions.createSandbox) await removeContainers(context, runtime, initContainers(pod));
    return;
  }
  for (const { id, container, message, reason } of actions.toKill) {
    const role = initContainers(pod).includes(container) ? "init" : "regular";
    await killContainer(context, { pod, container, role, id, podIP, message, reason, signal });
  }
}

/** A new sandbox begins with the first init container: records of earlier runs would say they are done. */
async function removeContainers(context: KubeletContext, runtime: RuntimePod, containers: readonly Container[]): Promise<void> {
  const names = new Set(containers.map(({ name }) => name));
  const records = runtime.containers.filter(({ name }) => names.has(name));
  await Promise.all(records.map(({ id }) => context.cri.removeContainer(id)));
}

interface Sandbox {
  id: string;
  config: SandboxConfig;
  podIPs: readonly string[];
}

async function ensureSandbox(context: KubeletContext, request: SyncRequest, actions: PodActions): Promise<Sandbox | undefined> {
  const { pod, signal } = request;
  const limits: string[] = [];
  const config = sandboxConfig({
    pod,
    attempt: actions.attempt,
    dns: podDns(pod, context.clusterDns, context.hostDns, limits),
    clusterDomain: context.clusterDns.domain,
    podLogsDir: context.podLogsDir,
    cgroupParent: context.cgroups.podPath(pod),
  });
  if (!actions.createSandbox) {
    return actions.killPod || !actions.sandboxId ? undefined : { id: actions.sandboxId, config, podIPs: request.podIPs };
  }
  refuseDevices(context, pod);
  for (const message of limits) context.recorder.event(eventSubject(pod), "Warning", "DNSConfigForming", message);
  signal.throwIfAborted();
  const id = await runSandbox(context, pod, config, signal);
  const status = await context.cri.sandboxStatus(id);
  const ips = status.network ? [status.network.ip, ...status.network.additional_ips.map(({ ip }) => ip)].filter(Boolean) : [];
  return { id, config, podIPs: pod.spec.hostNetwork ? request.podIPs : ips };
}

/** Only a pod that was bound without the scheduler comes here: devices are not allocated. */
function refuseDevices({ recorder }: KubeletContext, pod: Pod): void {
  if (!pod.spec.resourceClaims?.length) return;
  const message = "Failed to prepare dynamic resources: prepare dynamic resources: no DRA driver can be registered on this node";
  recorder.event(eventSubject(pod), "Warning", "FailedPrepareDynamicResources", message);
  throw new StartError("ContainerCreating", message);
}

async function runSandbox(context: KubeletContext, pod: Pod, config: SandboxConfig, signal: AbortSignal): Promise<string> {
  try {
    await mkdir(config.log_directory!, { recursive: true, mode: 0o755 });
    const handler = await runtimeHandler(context, pod);
    if (pod.spec.hostUsers === false) throw new Error(noUserNamespaces(handler));
    return await context.cri.runSandbox(config, handler);
  } catch (error) {
    signal.throwIfAborted();
    const { message } = error as Error;
    context.recorder.event(eventSubject(pod), "Warning", "FailedCreatePodSandBox", `Failed to create pod sandbox: ${message}`);
    throw new StartError("ContainerCreating", `failed to create pod sandbox: ${message}`);
  }
}

/** What `NodeStatus.runtimeHandlers` says of every handler. */
const noUserNamespaces = (handler: string) =>
  `can't set \`spec.hostUsers: false\`, ${handler ? `RuntimeClass handler ${JSON.stringify(handler)}` : "runtime"} does not support user namespaces`;

async function runtimeHandler(context: KubeletContext, pod: Pod): Promise<string> {
  const name = pod.spec.runtimeClassName;
  if (!name) return "";
  const { RuntimeClass } = await import("../../../shared/api/node/runtime-class.ts");
  return (await context.client.get(RuntimeClass, { name })).handler;
}

async function startAll(
  context: KubeletContext,
  request: SyncRequest,
  actions: PodActions,
  sandbox: Sandbox,
): Promise<SyncResult> {
  let retryAt = Infinity;
  const volumeImages = volumeImagesOf(context, { pod: request.pod, sandboxConfig: sandbox.config, signal: request.signal });
  const start = async (container: Container, role: ContainerRole): Promise<boolean> => {
    const { pod, runtime, backoff, signal, waiting, resize } = request;
    try {
      const { id, config, podIPs } = sandbox;
      await startContainer(context, {
        pod,
        container,
        role,
        runtime,
        backoff,
        signal,
        podIPs,
        sandboxId: id,
        sandboxConfig: config,
        volumeImages,
      });
      waiting.delete(container.name);
      resize.started(container, "");
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StartError)) throw error;
      waiting.set(container.name, { reason: error.reason, message: error.message });
      retryAt = Math.min(retryAt, error.retryAt ?? context.platform.clock.now() + RETRY_MS);
      return false;
    }
  };
  for (const container of actions.ephemeralToStart) await start(container, "ephemeral");
  let blocked = false;
  for (const container of actions.initToStart) {
    if (await start(container, "init")) continue;
    if (isSidecar(container)) continue;
    blocked = true;
    break;
  }
  if (!blocked) for (const container of actions.toStart) await start(container, "regular");
  return { acted: true, ...(retryAt < Infinity && { retryAt }) };
}

/** Containers that wait for nothing in particular any more. */
export function dropStaleReasons(pod: Pod, runtime: RuntimePod, waiting: Map<string, WaitingReason>): void {
  const running = new Set(runtime.containers.filter(({ state }) => state === "running").map(({ name }) => name));
  const known = new Set([...initContainers(pod), ...regularContainers(pod)].map(({ name }) => name));
  for (const name of waiting.keys()) if (running.has(name) || !known.has(name)) waiting.delete(name);
}
