/** The Node object of a simulated node, as a kubelet would register it. */
import type { Draft } from "../../shared/apimachinery/meta.ts";
import { KUBERNETES_VERSION } from "../../shared/apimachinery/version.ts";
import type { Node } from "../../shared/api/index.ts";

export interface NodeShape {
  /** Quantities. */
  cpu?: string;
  memory?: string;
  pods?: string;
  labels?: Record<string, string>;
}

const CONDITIONS = [
  ["MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
  ["DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
  ["PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
  ["Ready", "True", "KubeletReady", "kubelet is posting ready status"],
] as const;

export function simulatedNode(
  name: string,
  index: number,
  now: string,
  { cpu = "8", memory = "32Gi", pods = "110", labels = {} }: NodeShape = {},
) {
  const resources = { cpu, memory, pods, "ephemeral-storage": "100Gi" };
  return {
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "knarr.dev/simulated": "true",
        ...labels,
      },
    },
    spec: {},
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: CONDITIONS.map(([type, status, reason, message]) => ({
        type,
        status,
        reason,
        message,
        lastHeartbeatTime: now,
        lastTransitionTime: now,
      })),
      addresses: [
        // Of the range for benchmarks, which no network routes: what asks this kubelet must reach nobody else.
        { type: "InternalIP", address: `198.18.${(index >> 8) & 255}.${index & 255}` },
        { type: "Hostname", address: name },
      ],
      nodeInfo: {
        machineID: "",
        systemUUID: "",
        bootID: "",
        kernelVersion: "simulated",
        osImage: "simulated",
        containerRuntimeVersion: "simulated://1",
        kubeletVersion: KUBERNETES_VERSION,
        kubeProxyVersion: "",
        operatingSystem: "linux",
        architecture: "amd64",
      },
    },
  } satisfies Draft<Node>;
}
