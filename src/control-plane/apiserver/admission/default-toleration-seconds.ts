/** Pods put up with a lost node for five minutes, unless they say for themselves how long. */
import type { Toleration } from "../../../shared/api/generated/core-v1.ts";
import { Pod } from "../../../shared/api/index.ts";
import type { AdmissionPlugin } from "../types.ts";
import { concerns } from "./refuse.ts";

const TAINTS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const SECONDS = 300;

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  handles: (a) => (a.operation === "CREATE" || a.operation === "UPDATE") && concerns(a, Pod),
  admit({ object }) {
    const { spec } = object as Pod;
    const given = spec.tolerations ?? [];
    const missing = TAINTS.filter((taint) => !given.some((t) => speaksOf(t, taint)));
    if (!missing.length) return;
    spec.tolerations = [...given, ...missing.map(tolerated)];
  },
};

const tolerated = (key: string): Toleration => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: SECONDS });

const speaksOf = ({ key, effect }: Toleration, taint: string) => (!key || key === taint) && (!effect || effect === "NoExecute");
