import { definePlugin } from "../framework.ts";

/** A pod with scheduling gates does not enter the queue. */
export const schedulingGates = definePlugin({
  name: "SchedulingGates",
  preEnqueue({ pod }) {
    const gates = (pod.spec.schedulingGates ?? []).map((gate) => gate.name);
    return gates.length ? `waiting for scheduling gates: [${gates.join(" ")}]` : undefined;
  },
});
