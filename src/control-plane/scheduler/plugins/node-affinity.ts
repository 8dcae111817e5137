import { Node } from "../../../shared/api/index.ts";
import { matchesNode, matchesNodeSelectorTerm } from "../../../shared/api/core/placement.ts";
import { definePlugin, fits, normalize, unschedulable } from "../framework.ts";

/** `spec.nodeSelector` and node affinity: required terms filter, preferred terms score by their weight. */
export const nodeAffinity = definePlugin({
  name: "NodeAffinity",
  cacheable: true,
  requeueOn: [{ kind: Node, when: ["Add", "Update"], helps: (pod, node) => matchesNode(pod.pod.spec, node) }],
  preFilter({ pod }) {
    const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    return pod.spec.nodeSelector || required ? undefined : "skip";
  },
  filter({ pod }, { node }) {
    return matchesNode(pod.spec, node)
      ? fits
      : unschedulable("node(s) didn't match Pod's node affinity/selector", { preemptable: false });
  },
  preScore: ({ pod }) =>
    pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length ? undefined : "skip",
  score({ pod }, { node }) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return preferred.reduce((sum, { weight, preference }) => sum + (matchesNodeSelectorTerm(preference, node) ? weight : 0), 0);
  },
  normalizeScore: (_pod, scores) => normalize(scores),
});
