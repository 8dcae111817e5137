/** What the parts of one kubelet share. */
import type { Container, Pod } from "../../shared/api/generated/core-v1.ts";
import type { Client, EventRecorder, EventType } from "../../shared/client/index.ts";
import type { Logger } from "../../shared/lib/logger.ts";
import type { Platform } from "../../shared/lib/platform.ts";
import type { Cri } from "../cri/index.ts";
import type { CgroupManager } from "./node/cgroups.ts";
import type { ImageManager } from "./images/image-manager.ts";
import { fieldPathOf, type ContainerRole } from "./pod/containers.ts";
import type { ResolvConf } from "../../shared/lib/resolv-conf.ts";
import type { ClusterDns } from "./pod/dns.ts";
import type { EnvSources } from "./pod/env.ts";
import type { ProbeManager } from "./probes/probe-manager.ts";
import type { RuntimeView } from "./runtime/view.ts";
import type { VolumeManager } from "./volumes/volume-manager.ts";
import type { RoomFor } from "./worker/resize.ts";
import type { PodStatuses } from "./worker/pod-statuses.ts";

export interface KubeletContext {
  nodeName: string;
  client: Client;
  cri: Cri;
  view: RuntimeView;
  platform: Platform;
  log: Logger;
  recorder: EventRecorder;
  statuses: PodStatuses;
  volumes: VolumeManager;
  images: ImageManager;
  probes: ProbeManager;
  cgroups: CgroupManager;
  clusterDns: ClusterDns;
  /** The host's own resolver configuration. */
  hostDns: ResolvConf;
  /** `<root>/pods/<uid>` holds everything of one pod. */
  rootDir: string;
  podLogsDir: string;
  memoryCapacity: number;
  /** The node's kernel confines by AppArmor. */
  appArmor: boolean;
  hostIPs(): readonly string[];
  allocatable(): Readonly<Record<string, string>>;
  /** Objects of the pod's namespace that its environment is made of. */
  envSources(pod: Pod, podIPs: readonly string[]): EnvSources;
  /** Whether the node has room for a pod that wants other resources. */
  roomForResize: RoomFor;
  /** Empty: ready. */
  networkProblem(): string;
}

export function recordForContainer(
  context: Pick<KubeletContext, "recorder">,
  pod: Pod,
  role: ContainerRole,
  container: Container,
  [type, reason, message]: readonly [EventType, string, string],
): void {
  context.recorder.event(eventSubject(pod, fieldPathOf(role, container.name)), type, reason, message);
}

export const eventSubject = (pod: Pod, fieldPath?: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: pod.metadata,
  ...(fieldPath && { fieldPath }),
});
