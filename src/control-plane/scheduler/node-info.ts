/** A node with its pods and the sum of what they hold. `generation` grows with every change that could alter an answer. */
import type { Node } from "../../shared/api/index.ts";
import { add, addAll, noResources, type Resources } from "./resources.ts";
import type { HostPort, PodInfo } from "./pod-info.ts";
import { quantityValue } from "../../shared/apimachinery/index.ts";

let generations = 0;

export interface PodGroup {
  namespace: string;
  labels: Readonly<Record<string, string>>;
  /** Pods that are being deleted count apart. */
  terminating: boolean;
  count: number;
}

export class NodeInfo {
  readonly name: string;
  node: Node;
  generation = ++generations;
  allocatable: Resources = noResources();
  allowedPods = 0;
  requested: Resources = noResources();
  scoringRequested = { cpuMillis: 0, memory: 0 };
  readonly pods = new Map<string, PodInfo>();
  /** Pods here that have (anti-)affinity terms: most nodes have none, and inter-pod affinity looks at these alone. */
  readonly podsWithAffinity = new Map<string, PodInfo>();
  /** Pods that look alike to label selectors, counted together: a selector is matched once a group, not once a pod. */
  readonly groups = new Map<string, PodGroup>();
  readonly imageSizes = new Map<string, number>();

  constructor(node: Node) {
    this.name = node.metadata.name;
    this.node = node;
    this.setNode(node);
  }

  setNode(node: Node): void {
    this.node = node;
    this.allocatable = noResources();
    add(this.allocatable, node.status.allocatable);
    this.allowedPods = node.status.allocatable?.["pods"] ? quantityValue(node.status.allocatable["pods"]) : 0;
    this.imageSizes.clear();
    for (const image of node.status.images ?? [])
      for (const name of image.names ?? []) this.imageSizes.set(name, image.sizeBytes ?? 0);
    this.generation = ++generations;
  }

  addPod(pod: PodInfo): void {
    if (this.pods.has(pod.uid)) this.removePod(this.pods.get(pod.uid)!);
    this.pods.set(pod.uid, pod);
    if (pod.pod.spec.affinity?.podAffinity ?? pod.pod.spec.affinity?.podAntiAffinity) this.podsWithAffinity.set(pod.uid, pod);
    this.account(pod, 1);
  }

  removePod(pod: PodInfo): void {
    const held = this.pods.get(pod.uid);
    if (!held) return;
    this.pods.delete(pod.uid);
    this.podsWithAffinity.delete(pod.uid);
    this.account(held, -1);
  }

  private account(pod: PodInfo, sign: 1 | -1): void {
    const group = this.groups.get(pod.groupKey) ?? { ...groupOf(pod), count: 0 };
    group.count += sign;
    if (group.count > 0) this.groups.set(pod.groupKey, group);
    else this.groups.delete(pod.groupKey);
    addAll(this.requested, pod.requests, sign);
    this.scoringRequested.cpuMillis += sign * pod.scoringRequests.cpuMillis;
    this.scoringRequested.memory += sign * pod.scoringRequests.memory;
    this.generation = ++generations;
  }

  /** Whether a pod here already has this port of the host. The wildcard address clashes with every address. */
  holdsPort(wanted: HostPort): boolean {
    for (const { hostPorts } of this.pods.values()) {
      for (const held of hostPorts) {
        if (held.port !== wanted.port || held.protocol !== wanted.protocol) continue;
        if (held.ip === wanted.ip || held.ip === "0.0.0.0" || wanted.ip === "0.0.0.0") return true;
      }
    }
    return false;
  }

  /** A copy to try changes on; shares the node object and the pods. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.node);
    for (const pod of this.pods.values()) copy.addPod(pod);
    return copy;
  }
}

function groupOf({ pod }: PodInfo): Omit<PodGroup, "count"> {
  const { namespace = "", labels = {}, deletionTimestamp } = pod.metadata;
  return { namespace, labels, terminating: deletionTimestamp !== undefined };
}
