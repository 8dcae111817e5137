/**
 * What a container finds mounted: its volumes, `/etc/hosts`, the file for its last words.
 *
 * @source pkg/kubelet/kubelet_pods.go makeMounts, pkg/kubelet/kuberuntime/kuberuntime_container.go makeMounts v1.36
 */
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Container, Pod, VolumeMount } from "../../../shared/api/generated/core-v1.ts";
import type { ContainerConfig, Mount } from "../../cri/index.ts";
import type { KubeletContext } from "../context.ts";
import type { VolumeImages } from "../images/volume-images.ts";
import { hostNetworkHostsFile, hostsFile, podHostname } from "../pod/dns.ts";
import { expandStrictly, lookupIn } from "../pod/expansion.ts";
import { imageMount } from "./image-volumes.ts";
import { bindSubPath } from "./sub-path.ts";

const ETC_HOSTS = "/etc/hosts";
const PROPAGATION = {
  None: "PROPAGATION_PRIVATE",
  HostToContainer: "PROPAGATION_HOST_TO_CONTAINER",
  Bidirectional: "PROPAGATION_BIDIRECTIONAL",
} as const;

export interface MountsRequest {
  pod: Pod;
  container: Container;
  env: ReadonlyMap<string, string>;
  podIPs: readonly string[];
  restartCount: number;
  volumeImages: VolumeImages;
}

export async function containerMounts(
  context: KubeletContext,
  request: MountsRequest,
): Promise<{ mounts: Mount[]; devices: NonNullable<ContainerConfig["devices"]> }> {
  const { container, podIPs } = request;
  const volumeMounts = container.volumeMounts ?? [];
  const mounts: Mount[] = [];
  for (const [index, mount] of volumeMounts.entries()) mounts.push(await volumeMount(context, request, mount, index));
  const ownHosts = volumeMounts.some(({ mountPath }) => mountPath === ETC_HOSTS);
  if (!ownHosts && podIPs.length > 0) mounts.push(await etcHosts(context, request));
  const lastWords = container.terminationMessagePath;
  if (lastWords) mounts.push({ container_path: lastWords, host_path: await terminationLog(context, request) });
  if (container.volumeDevices?.length) throw new Error("block devices as volumes are not supported on this node");
  return { mounts, devices: [] };
}

const podDir = (context: KubeletContext, pod: Pod) => join(context.rootDir, "pods", pod.metadata.uid!);

async function volumeMount(context: KubeletContext, request: MountsRequest, mount: VolumeMount, index: number): Promise<Mount> {
  const { pod, container } = request;
  const podUid = pod.metadata.uid!;
  const image = request.volumeImages.get(mount.name);
  const subPath = subPathOf(mount, request);
  const target = join(podDir(context, pod), "volume-subpaths", mount.name, container.name, String(index));
  const source = async () => {
    const part = { podDir: podDir(context, pod), podUid, volume: mount.name, subPath, subPathTarget: target };
    if (image) return imageMount(context.cri, { ...part, image });
    const volumePath = context.volumes.path(podUid, mount.name);
    return { host_path: subPath ? await bindSubPath({ volumePath, subPath, target }) : volumePath };
  };
  return {
    container_path: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
    ...(await source()),
    readonly: !!mount.readOnly || alwaysReadOnly(pod, mount.name),
    propagation: PROPAGATION[mount.mountPropagation ?? "None"],
  };
}

/** Volumes made of API objects cannot be written to, the next update would be lost; nor can images, others use them too. */
function alwaysReadOnly(pod: Pod, name: string): boolean {
  const volume = pod.spec.volumes?.find((volume) => volume.name === name);
  return !!(
    volume?.configMap ||
    volume?.secret ||
    volume?.downwardAPI ||
    volume?.projected ||
    volume?.image ||
    volume?.persistentVolumeClaim?.readOnly
  );
}

function subPathOf({ subPath, subPathExpr }: VolumeMount, { env }: MountsRequest): string {
  const path = subPathExpr ? expandStrictly(subPathExpr, lookupIn(env)) : (subPath ?? "");
  if (path.startsWith("/")) throw new Error(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split("/").includes("..")) throw new Error(`unable to provision SubPath \`${path}\`: must not contain '..'`);
  return path;
}

async function etcHosts(context: KubeletContext, { pod, podIPs }: MountsRequest): Promise<Mount> {
  const path = join(podDir(context, pod), "etc-hosts");
  const hostAliases = pod.spec.hostAliases ?? [];
  const text = pod.spec.hostNetwork
    ? hostNetworkHostsFile(await readFile(ETC_HOSTS, "utf8").catch(() => ""), hostAliases)
    : hostsFile({ podIPs, hostAliases, ...podHostname(pod, context.clusterDns.domain) });
  await writeFile(path, text, { mode: 0o644 });
  return { container_path: ETC_HOSTS, host_path: path };
}

async function terminationLog(context: KubeletContext, { pod, container }: MountsRequest): Promise<string> {
  const dir = join(podDir(context, pod), "containers", container.name);
  await mkdir(dir, { recursive: true, mode: 0o750 });
  const path = join(dir, Buffer.from(context.platform.random.bytes(4)).toString("hex"));
  const file = await open(path, "w");
  // Whoever the container runs as may write it.
  await file.chmod(0o666);
  await file.close();
  return path;
}
