/**
 * Volumes that are images. Where the runtime cannot mount them itself, each is a view of the image mounted below the pod's directory,
 * `volumes/kubernetes.io~image/<volume>/<image>`: the path says which views there are, also to a kubelet that did not make them.
 *
 * A container that is started again after its tag moved sees the new image; what runs keeps the one it was started with.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { mountImageView, mountsImages, removeImageViews, type Cri, type Mount } from "../../cri/index.ts";
import { StartError } from "../worker/start-error.ts";
import { bindSubPath } from "./sub-path.ts";

export interface ImageMountRequest {
  /** `<root>/pods/<uid>`. */
  podDir: string;
  podUid: string;
  volume: string;
  /** The image as CRI names it, and as the pod does. */
  image: { ref: string; reference: string };
  subPath: string;
  /** Where a part of the volume is bound. */
  subPathTarget: string;
}

const viewsOf = (podDir: string) => join(podDir, "volumes", "kubernetes.io~image");
const keyOf = (podUid: string, volume: string, id: string) => `knarr/${podUid}/${volume}/${id}`;

/** What the runtime is to mount. Throws `StartError` as upstream's runtimes fail: when the container is created. */
export async function imageMount(
  cri: Cri,
  request: ImageMountRequest,
): Promise<Pick<Mount, "host_path" | "image" | "image_sub_path">> {
  const { podDir, podUid, volume, image, subPath, subPathTarget } = request;
  if (await mountsImages(cri)) {
    return {
      host_path: "",
      image: { image: image.ref, user_specified_image: image.reference },
      image_sub_path: subPath,
    };
  }
  const id = image.ref.replace(/^sha256:/, "");
  const volumePath = join(viewsOf(podDir), volume, id);
  try {
    await mountImageView(cri, image.ref, { key: keyOf(podUid, volume, id), path: volumePath });
    if (!subPath) return { host_path: volumePath };
    return { host_path: await bindSubPath({ volumePath, subPath, target: subPathTarget, readOnly: true }) };
  } catch (error) {
    throw new StartError("CreateContainerError", `ImageVolumeMountFailed: ${(error as Error).message}`);
  }
}

/** Removes the views of a pod, after they have been unmounted. */
export async function forgetImageVolumes(cri: Cri, podDir: string, podUid: string): Promise<void> {
  const dir = viewsOf(podDir);
  const volumes = await readdir(dir).catch(() => [] as string[]);
  const keys = volumes.map(async (volume) => (await readdir(join(dir, volume))).map((id) => keyOf(podUid, volume, id)));
  await removeImageViews(cri, (await Promise.all(keys)).flat());
}
