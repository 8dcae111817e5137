import { Node } from "../../../shared/api/index.ts";
import { tolerates } from "../../../shared/api/core/placement.ts";
import { definePlugin, fits, unschedulable } from "../framework.ts";

const CORDONED = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" as const, value: "" };

/** A cordoned node takes only pods that tolerate that. */
export const nodeUnschedulable = definePlugin({
  name: "NodeUnschedulable",
  cacheable: true,
  requeueOn: [{ kind: Node, when: ["Add", "Update"], helps: (_pod, node) => !node.spec.unschedulable }],
  filter(pod, { node }) {
    if (!node.spec.unschedulable || pod.pod.spec.tolerations?.some((t) => tolerates(t, CORDONED))) return fits;
    return unschedulable("node(s) were unschedulable", { preemptable: false });
  },
});
