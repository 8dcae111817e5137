import { Node, Pod } from "../../../shared/api/index.ts";
import { definePlugin, fits, unschedulable } from "../framework.ts";

/** A port of the host belongs to one pod; 0.0.0.0 clashes with every address, per protocol. */
export const nodePorts = definePlugin({
  name: "NodePorts",
  cacheable: true,
  requeueOn: [
    { kind: Pod, when: ["Delete"] },
    { kind: Node, when: ["Add"] },
  ],
  preFilter: (pod) => (pod.hostPorts.length ? undefined : "skip"),
  filter(pod, node) {
    const taken = pod.hostPorts.some((port) => node.holdsPort(port));
    return taken ? unschedulable("node(s) didn't have free ports for the requested pod ports", { preemptable: true }) : fits;
  },
});
