/**
 * Images that are volumes of a pod: pulled like those of containers, once in a pass over the pod.
 *
 * A volume whose image cannot be had holds up the containers that mount it, with the image's own reason.
 *
 * @source pkg/kubelet/kuberuntime/kuberuntime_manager.go getImageVolumes, toKubeContainerImageVolumes v1.36
 */
import type { Container, Pod, Volume } from "../../../shared/api/generated/core-v1.ts";
import type { SandboxConfig } from "../../cri/index.ts";
import { eventSubject, recordForContainer, type KubeletContext } from "../context.ts";
import type { ContainerRole } from "../pod/containers.ts";
import { StartError } from "../worker/start-error.ts";
import { readPullSecrets } from "./pull-secrets.ts";

/** By the volume's name: the image as CRI names it, and as the pod does. */
export type VolumeImages = ReadonlyMap<string, { ref: string; reference: string }>;

/** Answers with the images of the volumes that a container mounts; throws `StartError`. */
export type ImagesForContainer = (container: Container, role: ContainerRole) => Promise<VolumeImages>;

export function volumeImagesOf(
  context: KubeletContext,
  { pod, sandboxConfig, signal }: { pod: Pod; sandboxConfig: SandboxConfig; signal: AbortSignal },
): ImagesForContainer {
  const asked = new Map<string, Promise<{ ref: string }>>();
  const ask = ({ name, image }: Volume) => {
    const answer =
      asked.get(name) ??
      context.images.ensure({
        pod,
        sandboxConfig,
        signal,
        image: image!.reference!,
        pullPolicy: image!.pullPolicy,
        record: (event) => context.recorder.event(eventSubject(pod), ...event),
        secrets: () => readPullSecrets(context, pod),
      });
    asked.set(name, answer);
    return answer;
  };
  return async (container, role) => {
    const images = new Map<string, { ref: string; reference: string }>();
    let failure: StartError | undefined;
    for (const { name } of container.volumeMounts ?? []) {
      const volume = pod.spec.volumes?.find((one) => one.name === name);
      if (!volume?.image) continue;
      try {
        images.set(name, { ref: (await ask(volume)).ref, reference: volume.image.reference! });
      } catch (error) {
        if (!(error instanceof StartError)) throw error;
        recordForContainer(context, pod, role, container, ["Warning", "Failed", `Error: ${error.reason}`]);
        failure = error;
      }
    }
    if (failure) throw failure;
    return images;
  };
}
