/** A new node is tainted until it is known to be ready, so that no pod lands on it too early. */
import type { Taint } from "../../../shared/api/generated/core-v1.ts";
import { Node } from "../../../shared/api/index.ts";
import type { AdmissionPlugin } from "../types.ts";
import { concerns } from "./refuse.ts";

const TAINT: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

export const taintNodesByCondition: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  handles: (a) => a.operation === "CREATE" && concerns(a, Node),
  admit({ object }) {
    const node = object as Node;
    const taints = node.spec?.taints ?? [];
    if (taints.some((t) => t.key === TAINT.key && t.effect === TAINT.effect)) return;
    node.spec = { ...node.spec, taints: [...taints, { ...TAINT }] };
  },
};
