import { Node } from "../../../shared/api/index.ts";
import { untoleratedTaint } from "../../../shared/api/core/placement.ts";
import { definePlugin, fits, normalize, unschedulable } from "../framework.ts";

/** Taints keep pods away that do not tolerate them; of what is left, fewer PreferNoSchedule taints are better. */
export const taintToleration = definePlugin({
  name: "TaintToleration",
  cacheable: true,
  requeueOn: [
    { kind: Node, when: ["Add", "Update"], helps: (pod, node) => !untoleratedTaint(pod.pod.spec.tolerations, node.spec.taints) },
  ],
  filter(pod, { node }) {
    const taint = untoleratedTaint(pod.pod.spec.tolerations, node.spec.taints);
    return taint ? unschedulable(`node(s) had untolerated taint(s)`, { preemptable: false }) : fits;
  },
  score(pod, { node }) {
    const preferred = (node.spec.taints ?? []).filter((taint) => taint.effect === "PreferNoSchedule");
    return preferred.filter((taint) => untoleratedTaint(pod.pod.spec.tolerations, [taint], ["PreferNoSchedule"])).length;
  },
  normalizeScore: (_pod, scores) => normalize(scores, { reverse: true }),
});
