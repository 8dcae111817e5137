/**
 * Makes the volumes of pods exist on the node, keeps those made of API objects current, and removes them.
 *
 * Everything of a pod lies below `<root>/pods/<uid>/volumes/<plugin>/<volume>`. Differs from upstream: secret material lies in one tmpfs of
 * the kubelet, `<root>/memory/<uid>/…`, not in a mount of its own for each volume: one mount for the node, not two for each pod.
 */
import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Pod, Volume } from "../../../shared/api/generated/core-v1.ts";
import type { Client } from "../../../shared/client/index.ts";
import { mountsBelow, unmountBelow, type Cri } from "../../cri/index.ts";
import { allContainers } from "../pod/containers.ts";
import { wholeUnits } from "../pod/resources.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { hostPath } from "./host-path.ts";
import { forgetImageVolumes } from "./image-volumes.ts";
import { isMountPoint, mountTmpfs } from "./mount.ts";
import { giveToGroup } from "./ownership.ts";
import { volumePayload, type PayloadSources } from "./payload.ts";
import { claimedPath } from "./persistent.ts";

export interface VolumeManagerOptions {
  rootDir: string;
  client: Client;
  cri: Cri;
  now(): number;
  sources(pod: Pod): PayloadSources;
  /** A pod needs nothing of the API any more. */
  release(podUid: string): void;
}

export class VolumeManager {
  readonly #options: VolumeManagerOptions;
  readonly #paths = new Map<string, Map<string, string>>();
  #memory: Promise<string> | undefined;

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
  }

  /** Sets up, or brings up to date, every volume that a container mounts; throws with upstream's words on the first that cannot be. */
  async mount(pod: Pod): Promise<void> {
    const used = new Set(
      [...allContainers(pod)].flatMap(({ container }) => (container.volumeMounts ?? []).map(({ name }) => name)),
    );
    const paths = this.#paths.get(pod.metadata.uid!) ?? new Map<string, string>();
    this.#paths.set(pod.metadata.uid!, paths);
    const volumes = (pod.spec.volumes ?? []).filter(({ name }) => used.has(name));
    await Promise.all(
      volumes.map(async (volume) => {
        try {
          paths.set(volume.name, await this.#setUp(pod, volume, paths.has(volume.name)));
        } catch (error) {
          throw new Error(`MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${(error as Error).message}`, {
            cause: error,
          });
        }
      }),
    );
  }

  /** Where a mounted volume is on the node. */
  path(podUid: string, volume: string): string {
    const path = this.#paths.get(podUid)?.get(volume);
    if (!path) throw new Error(`cannot find volume ${JSON.stringify(volume)} to mount`);
    return path;
  }

  async unmount(podUid: string): Promise<void> {
    this.#options.release(podUid);
    this.#paths.delete(podUid);
    const dir = join(this.#options.rootDir, "pods", podUid);
    await unmountBelow(dir);
    const left = await mountsBelow(dir);
    // Removing files through a mount would remove what is not ours.
    if (left.length > 0) throw new Error(`still mounted: ${left.join(", ")}`);
    await forgetImageVolumes(this.#options.cri, dir, podUid);
    await Promise.all(["volumes", "volume-subpaths"].map((part) => rm(join(dir, part), { recursive: true, force: true })));
    await rm(join(this.#options.rootDir, "memory", podUid), { recursive: true, force: true });
  }

  async #setUp(pod: Pod, volume: Volume, isMounted: boolean): Promise<string> {
    const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {};
    const payload = await volumePayload(volume, this.#options.sources(pod));
    if (payload) {
      const dir = await this.#payloadDir(pod, volume);
      await writeAtomically({ dir, payload, now: this.#options.now(), ...(fsGroup !== undefined && { fsGroup }) });
      return dir;
    }
    if (volume.image) return ""; // mounted for each container as it is started: see image-volumes.ts
    if (volume.hostPath) return hostPath(volume.hostPath);
    if (volume.emptyDir) return this.#emptyDir(pod, volume, isMounted);
    if (volume.persistentVolumeClaim || volume.ephemeral) {
      const path = await claimedPath(this.#options.client, pod, volume);
      const readOnly = !!volume.persistentVolumeClaim?.readOnly;
      if (fsGroup !== undefined && !isMounted && !readOnly) {
        await giveToGroup(path, { fsGroup, readOnly, onlyOnMismatch: fsGroupChangePolicy === "OnRootMismatch" });
      }
      return path;
    }
    throw new Error("no volume plugin matched");
  }

  #dir(pod: Pod, plugin: string, volume: Volume): string {
    return join(this.#options.rootDir, "pods", pod.metadata.uid!, "volumes", `kubernetes.io~${plugin}`, volume.name);
  }

  /** ConfigMaps lie on disk, all that may be secret in memory. */
  async #payloadDir(pod: Pod, volume: Volume): Promise<string> {
    if (volume.configMap) return this.#dir(pod, "configmap", volume);
    return join(await (this.#memory ??= this.#mountMemory()), pod.metadata.uid!, volume.name);
  }

  async #mountMemory(): Promise<string> {
    const dir = join(this.#options.rootDir, "memory");
    await mkdir(dir, { recursive: true, mode: 0o700 });
    if (!(await isMountPoint(dir))) await mountTmpfs(dir, "mode=0755,nosuid,nodev,noexec");
    return dir;
  }

  async #emptyDir(pod: Pod, volume: Volume, isMounted: boolean): Promise<string> {
    const dir = this.#dir(pod, "empty-dir", volume);
    if (isMounted) return dir;
    const { medium, sizeLimit } = volume.emptyDir!;
    if (medium && medium !== "Memory") throw new Error(`unknown storage medium ${JSON.stringify(medium)}`);
    await mkdir(dir, { recursive: true, mode: 0o777 });
    const size = sizeLimit ? wholeUnits(sizeLimit) : 0;
    if (medium === "Memory" && !(await isMountPoint(dir))) await mountTmpfs(dir, size > 0 ? `size=${size}` : "mode=0777");
    await chmod(dir, 0o777);
    const fsGroup = pod.spec.securityContext?.fsGroup;
    if (fsGroup !== undefined) await giveToGroup(dir, { fsGroup, readOnly: false });
    return dir;
  }
}
