import { Node } from "../../../shared/api/index.ts";
import { definePlugin, fits, unschedulable } from "../framework.ts";

/** `spec.nodeName` set by the pod's author: only that node. */
export const nodeName = definePlugin({
  name: "NodeName",
  cacheable: true,
  requeueOn: [{ kind: Node, when: ["Add"] }],
  preFilter: (pod) => (pod.pod.spec.nodeName ? undefined : "skip"),
  filter(pod, node) {
    if (pod.pod.spec.nodeName === node.name) return fits;
    return unschedulable("node(s) didn't match the requested node name", { preemptable: false });
  },
});
