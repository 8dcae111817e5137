/**
 * Starting one container: backoff, image, configuration, create, start, postStart hook.
 *
 * @source pkg/kubelet/kuberuntime/kuberuntime_container.go startContainer v1.36
 */
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Container, Pod } from "../../../shared/api/generated/core-v1.ts";
import type { EventType } from "../../../shared/client/index.ts";
import type { SandboxConfig } from "../../cri/index.ts";
import { recordForContainer, type KubeletContext } from "../context.ts";
import { readPullSecrets } from "../images/pull-secrets.ts";
import type { ImagesForContainer, VolumeImages } from "../images/volume-images.ts";
import { containerConfig, containerLogPath } from "../pod/container-config.ts";
import { podText, type ContainerRole } from "../pod/containers.ts";
import { containerEnv } from "../pod/env.ts";
import { breaksNonRoot } from "../pod/security.ts";
import { latest, type RuntimePod } from "../runtime/types.ts";
import { containerMounts } from "../volumes/container-mounts.ts";
import { durationText, type Backoff } from "./backoff.ts";
import { runHook } from "./hooks.ts";
import { killContainer } from "./kill.ts";
import { StartError } from "./start-error.ts";

export interface StartRequest {
  pod: Pod;
  container: Container;
  role: ContainerRole;
  runtime: RuntimePod;
  sandboxId: string;
  sandboxConfig: SandboxConfig;
  volumeImages: ImagesForContainer;
  podIPs: readonly string[];
  backoff: Backoff;
  signal: AbortSignal;
}

/** Resolves when the container runs and its postStart hook is done; throws `StartError`. */
export async function startContainer(context: KubeletContext, request: StartRequest): Promise<void> {
  const { pod, container, role, signal } = request;
  const record = (event: readonly [EventType, string, string]) => recordForContainer(context, pod, role, container, event);
  checkBackoff(context, request);
  const volumeImages = await request.volumeImages(container, role);
  const image = await context.images
    .ensure({
      pod,
      image: container.image!,
      pullPolicy: container.imagePullPolicy,
      record,
      signal,
      sandboxConfig: request.sandboxConfig,
      secrets: () => readPullSecrets(context, pod),
    })
    .catch((error: unknown) => {
      if (error instanceof StartError) record(["Warning", "Failed", `Error: ${error.reason}`]);
      throw error;
    });
  const config = await step(record, "CreateContainerConfigError", () => configOf(context, request, image, volumeImages));
  signal.throwIfAborted();
  await mkdir(join(request.sandboxConfig.log_directory!, container.name), { recursive: true, mode: 0o755 });
  const id = await step(record, "CreateContainerError", () =>
    context.cri.createContainer(request.sandboxId, config, request.sandboxConfig),
  );
  record(["Normal", "Created", "Container created"]);
  await step(record, "RunContainerError", () => context.cri.startContainer(id));
  record(["Normal", "Started", "Container started"]);
  await removeOldAttempts(context, request);
  await runPostStart(context, request, id);
}

async function step<T>(
  record: (event: readonly [EventType, string, string]) => void,
  reason: string,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { message } = error as Error;
    record(["Warning", "Failed", `Error: ${message}`]);
    throw error instanceof StartError ? error : new StartError(reason, message);
  }
}

/** A container that ended waits before it is started again, longer each time. */
function checkBackoff(context: KubeletContext, { pod, container, role, runtime, backoff }: StartRequest): void {
  const last = runtime.containers.find(({ name, state }) => name === container.name && state === "exited");
  if (!last) return;
  const key = `${pod.metadata.uid}/${container.name}/${last.notes.hash}`;
  const until = backoff.waitsUntil(key, last.finishedAt);
  if (until === undefined) return backoff.next(key, last.finishedAt);
  const where = podText(pod);
  const event = ["Warning", "BackOff", `Back-off restarting failed container ${container.name} in pod ${where}`] as const;
  recordForContainer(context, pod, role, container, event);
  const delay = durationText(backoff.delayMs(key));
  throw new StartError("CrashLoopBackOff", `back-off ${delay} restarting failed container=${container.name} pod=${where}`, until);
}

async function configOf(
  context: KubeletContext,
  request: StartRequest,
  image: Awaited<ReturnType<KubeletContext["images"]["ensure"]>>,
  volumeImages: VolumeImages,
) {
  const { pod, container, podIPs, role, runtime } = request;
  const refused = breaksNonRoot(pod, container, image.user);
  if (refused) throw new Error(refused);
  const restartCount = await nextRestartCount(request);
  const env = await containerEnv(container, context.envSources(pod, podIPs));
  const { mounts, devices } = await containerMounts(context, { pod, container, env, podIPs, restartCount, volumeImages });
  const targetName =
    role === "ephemeral" ? pod.spec.ephemeralContainers?.find(({ name }) => name === container.name)?.targetContainerName : "";
  const target = targetName ? latest(runtime, targetName) : undefined;
  if (targetName && target?.state !== "running") throw new Error(`unable to find target container ${JSON.stringify(targetName)}`);
  return containerConfig({
    pod,
    container,
    restartCount,
    env,
    mounts,
    devices,
    imageRef: image.ref,
    imageUser: image.user,
    memoryCapacity: context.memoryCapacity,
    seccompRoot: join(context.rootDir, "seccomp"),
    ...(target && { targetId: target.id }),
  });
}

/** One more than the last; where the runtime has forgotten it, the log files still know. */
async function nextRestartCount({ runtime, container, sandboxConfig }: StartRequest): Promise<number> {
  const last = latest(runtime, container.name);
  if (last) return last.notes.restartCount + 1;
  const dir = dirname(join(sandboxConfig.log_directory!, containerLogPath(container.name, 0)));
  const logs = await readdir(dir).catch(() => [] as string[]);
  const counts = logs.map((name) => Number(/^(\d+)\.log/.exec(name)?.[1] ?? -1));
  return Math.max(-1, ...counts) + 1;
}

/** Only the last dead container of a name is kept, for its log and its last state. */
async function removeOldAttempts(context: KubeletContext, { runtime, container }: StartRequest): Promise<void> {
  const old = runtime.containers.filter(({ name, state }) => name === container.name && state !== "running").slice(1);
  await Promise.all(
    old.map(({ id }) =>
      context.cri
        .removeContainer(id)
        .catch((error: unknown) => context.log.warn({ err: error, id }, "a dead container could not be removed")),
    ),
  );
}

async function runPostStart(context: KubeletContext, request: StartRequest, id: string): Promise<void> {
  const { pod, container, role, podIPs, signal } = request;
  const hook = container.lifecycle?.postStart;
  if (!hook) return;
  const podIP = podIPs[0] ?? "";
  try {
    await runHook(context, hook, { pod, container, containerId: id, podIP, signal });
  } catch (error) {
    signal.throwIfAborted();
    recordForContainer(context, pod, role, container, ["Warning", "FailedPostStartHook", "PostStartHook failed"]);
    await killContainer(context, {
      pod,
      container,
      role,
      id,
      podIP,
      message: "FailedPostStartHook",
      reason: "FailedPostStartHook",
      signal,
    });
    throw new StartError("PostStartHookError", (error as Error).message);
  }
}
