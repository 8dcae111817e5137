/** A pod with everything the scheduler derives from it, computed once. */
import type { Pod } from "../../shared/api/index.ts";
import { keyOf } from "../../shared/apimachinery/meta.ts";
import { parseTime } from "../../shared/lib/platform.ts";
import { podRequests, podRequestsForScoring, type Resources } from "./resources.ts";

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

export interface PodInfo {
  pod: Pod;
  key: string;
  uid: string;
  priority: number;
  /** Milliseconds since the epoch. */
  created: number;
  requests: Resources;
  scoringRequests: Resources;
  hostPorts: readonly HostPort[];
  /**
   * Pods of one class get the same answer from every plugin that looks at the pod and one node alone. Pods of a controller
   * with the same template are one class.
   */
  classKey: string;
  /** Pods of one group have the same namespace, labels and are all alive or all being deleted. */
  groupKey: string;
}

export function podInfo(pod: Pod): PodInfo {
  const spec = pod.spec;
  return {
    pod,
    key: keyOf(pod.metadata),
    uid: pod.metadata.uid,
    priority: spec.priority ?? 0,
    created: parseTime(pod.metadata.creationTimestamp),
    requests: podRequests(spec),
    scoringRequests: podRequestsForScoring(spec),
    hostPorts: hostPorts(pod),
    classKey: classKey(pod),
    groupKey: JSON.stringify([pod.metadata.namespace, pod.metadata.labels, pod.metadata.deletionTimestamp !== undefined]),
  };
}

function hostPorts(pod: Pod): HostPort[] {
  const sidecars = (pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === "Always");
  return [...(pod.spec.containers ?? []), ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .filter((port) => port.hostPort)
    .map((port) => ({ ip: port.hostIP || "0.0.0.0", protocol: port.protocol ?? "TCP", port: port.hostPort! }));
}

/** Only what cacheable plugins look at. */
function classKey(pod: Pod): string {
  const { nodeName, nodeSelector, affinity, tolerations, containers, initContainers, overhead, resources } = pod.spec;
  const asked = (list: typeof containers | undefined) =>
    list?.map((c) => [c.image, c.resources, c.restartPolicy, c.ports?.map((p) => [p.hostPort, p.hostIP, p.protocol])]);
  return JSON.stringify([
    nodeName,
    nodeSelector,
    affinity?.nodeAffinity,
    tolerations,
    asked(containers),
    asked(initContainers),
    overhead,
    resources,
  ]);
}
