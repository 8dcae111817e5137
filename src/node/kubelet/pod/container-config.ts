/**
 * What the runtime is told of one container.
 *
 * @source pkg/kubelet/kuberuntime/kuberuntime_container.go generateContainerConfig v1.36
 */
import type { Container, Pod } from "../../../shared/api/generated/core-v1.ts";
import type { ContainerConfig, Mount } from "../../cri/index.ts";
import { containerAnnotations, containerLabels } from "../runtime/labels.ts";
import { expand, lookupIn } from "./expansion.ts";
import { containerResources } from "./resources.ts";
import { containerSecurityContext, type ImageUser } from "./security.ts";

export interface ContainerInput {
  pod: Pod;
  container: Container;
  /** What the image is called by the runtime. */
  imageRef: string;
  imageUser: ImageUser;
  restartCount: number;
  env: ReadonlyMap<string, string>;
  mounts: readonly Mount[];
  devices?: readonly { container_path: string; host_path: string; permissions: string }[];
  memoryCapacity: number;
  seccompRoot: string;
  targetId?: string;
}

export function containerConfig(input: ContainerInput): ContainerConfig {
  const { pod, container, restartCount, env, imageRef, imageUser, targetId, seccompRoot } = input;
  const lookup = lookupIn(env);
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: { image: imageRef, user_specified_image: container.image! },
    command: (container.command ?? []).map((part) => expand(part, lookup)),
    args: (container.args ?? []).map((part) => expand(part, lookup)),
    working_dir: container.workingDir ?? "",
    envs: [...env].map(([key, value]) => ({ key, value })),
    mounts: [...input.mounts],
    devices: [...(input.devices ?? [])],
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restartCount),
    log_path: containerLogPath(container.name, restartCount),
    stdin: !!container.stdin,
    stdin_once: !!container.stdinOnce,
    tty: !!container.tty,
    linux: {
      resources: containerResources(pod, container, input.memoryCapacity),
      security_context: containerSecurityContext({
        pod,
        container,
        image: imageUser,
        seccompRoot,
        ...(targetId && { targetId }),
      }),
    },
  };
}

/** Below the pod's log directory. */
export const containerLogPath = (name: string, restartCount: number): string => `${name}/${restartCount}.log`;
