/** A DaemonSet's pods: what they tolerate, where they belong, and whether a node should have one. */
import { DaemonSet, type Node, type Pod } from "../../../shared/api/index.ts";
import { matchesNode, untoleratedTaint } from "../../../shared/api/core/placement.ts";
import type { PodSpec, Toleration } from "../../../shared/api/generated/core-v1.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import { podFromTemplate } from "../common/pod-control.ts";

export const HASH_LABEL = "controller-revision-hash";
const GENERATION_LABEL = "pod-template-generation";
const GENERATION_ANNOTATION = "deprecated.daemonset.template.generation";

/** Daemons stay on nodes in trouble: they may be what is needed to get out of it. */
function tolerationsOf(spec: PodSpec): Toleration[] {
  const exists = (name: string, effect: "NoExecute" | "NoSchedule"): Toleration => ({
    key: `node.kubernetes.io/${name}`,
    operator: "Exists",
    effect,
  });
  const own = [
    exists("not-ready", "NoExecute"),
    exists("unreachable", "NoExecute"),
    exists("disk-pressure", "NoSchedule"),
    exists("memory-pressure", "NoSchedule"),
    exists("pid-pressure", "NoSchedule"),
    exists("unschedulable", "NoSchedule"),
    ...(spec.hostNetwork ? [exists("network-unavailable", "NoSchedule")] : []),
  ];
  const same = (a: Toleration, b: Toleration) =>
    a.key === b.key && a.effect === b.effect && a.operator === b.operator && !a.value;
  return [...(spec.tolerations ?? []).filter((t) => !own.some((o) => same(t, o))), ...own];
}

/** The pod goes through the scheduler, with the node as its only choice. */
export function draftPod(ds: DaemonSet, node: string, hash: string): Draft<Pod> {
  const pod = podFromTemplate(ds.spec.template, DaemonSet, ds);
  const spec = pod.spec as PodSpec;
  const generation = ds.metadata.annotations?.[GENERATION_ANNOTATION];
  const labels = { ...pod.metadata.labels, [HASH_LABEL]: hash, ...(generation && { [GENERATION_LABEL]: generation }) };
  const matchFields = [{ key: "metadata.name", operator: "In", values: [node] }];
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
  };
  return {
    metadata: { ...pod.metadata, labels },
    spec: { ...spec, tolerations: tolerationsOf(spec), affinity: { ...spec.affinity, nodeAffinity } } as Draft<PodSpec>,
  };
}

/** Where a pod is, or where it wants to be. */
export function nodeOf(pod: Pod): string | undefined {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const { matchFields = [] } of terms) {
    for (const { key, operator, values = [] } of matchFields)
      if (key === "metadata.name" && operator === "In" && values.length === 1) return values[0];
  }
  return undefined;
}

export interface Placement {
  shouldRun: boolean;
  /** A pod that is there may stay. */
  mayStay: boolean;
}

export function placementOn(ds: DaemonSet, node: Node): Placement {
  const spec = ds.spec.template.spec;
  if ((spec.nodeName && spec.nodeName !== node.metadata.name) || !matchesNode(spec, node))
    return { shouldRun: false, mayStay: false };
  const tolerations = tolerationsOf(spec);
  const { taints } = node.spec ?? {};
  if (!untoleratedTaint(tolerations, taints)) return { shouldRun: true, mayStay: true };
  return { shouldRun: false, mayStay: !untoleratedTaint(tolerations, taints, ["NoExecute"]) };
}

export function isCurrent(pod: Pod, ds: DaemonSet, hash: string): boolean {
  const generation = ds.metadata.annotations?.[GENERATION_ANNOTATION];
  const { labels } = pod.metadata;
  return labels?.[HASH_LABEL] === hash || (!!generation && labels?.[GENERATION_LABEL] === generation && !labels?.[HASH_LABEL]);
}
