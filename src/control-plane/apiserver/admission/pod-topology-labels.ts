/** Zone and region of the node go to the labels of a pod that is created on it or bound to it. */
import { Node, Pod, type Binding } from "../../../shared/api/index.ts";
import type { AdmissionPlugin } from "../types.ts";
import { concerns } from "./refuse.ts";

const LABELS = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

export const podTopologyLabels: AdmissionPlugin = {
  name: "PodTopologyLabels",
  handles: (a) => (a.operation === "CREATE" || a.operation === "UPDATE") && concerns(a, Pod, "", "binding"),
  admit({ object, subresource }, server) {
    const node = subresource === "binding" ? boundNode(object as Binding) : (object as Pod).spec.nodeName;
    const labels = node ? server.cache(Node).get(node)?.metadata.labels : undefined;
    const copied = LABELS.flatMap((key) => (labels?.[key] === undefined ? [] : [[key, labels[key]] as const]));
    // A binding's labels become the pod's when it is bound.
    if (copied.length) object!.metadata.labels = { ...object!.metadata.labels, ...Object.fromEntries(copied) };
  },
};

const boundNode = ({ target }: Binding) => (target?.kind === "Node" ? target.name : undefined);
