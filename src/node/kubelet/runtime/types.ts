/** What really runs of a pod, as the runtime tells it. Plain values: the pure decisions are made of these and the pod's spec. */
import type { LinuxResources, NamespaceMode } from "../../cri/index.ts";
import type { ContainerNotes } from "./labels.ts";

export type RunState = "created" | "running" | "exited" | "unknown";

export interface RuntimeContainer {
  id: string;
  name: string;
  sandboxId: string;
  state: RunState;
  /** Milliseconds since the epoch, with fractions; 0: not yet. */
  createdAt: number;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  reason: string;
  message: string;
  image: string;
  /** `repository@digest`, or the image's id where it has none. */
  imageRef: string;
  notes: ContainerNotes;
  logPath: string;
  resources?: LinuxResources;
  user?: { uid: number; gid: number; supplementalGroups: number[] };
}

export interface RuntimeSandbox {
  id: string;
  attempt: number;
  ready: boolean;
  createdAt: number;
  network: NamespaceMode;
  /** Empty for host network, and where the network is not up. */
  ips: string[];
}

export interface RuntimePod {
  uid: string;
  name: string;
  namespace: string;
  /** Newest first. */
  sandboxes: RuntimeSandbox[];
  /** Newest first. */
  containers: RuntimeContainer[];
}

export const emptyRuntimePod = (uid: string, name = "", namespace = ""): RuntimePod => ({
  uid,
  name,
  namespace,
  sandboxes: [],
  containers: [],
});

/** The newest container of that name. */
export function latest(runtime: RuntimePod, name: string): RuntimeContainer | undefined {
  return runtime.containers.find((container) => container.name === name);
}
