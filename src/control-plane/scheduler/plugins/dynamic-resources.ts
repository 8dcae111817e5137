import { definePlugin, unschedulable } from "../framework.ts";

/** Differs: devices are not allocated, so a pod that claims some waits and is told why, instead of running without them. */
export const dynamicResources = definePlugin({
  name: "DynamicResources",
  preFilter({ pod }) {
    if (!pod.spec.resourceClaims?.length) return "skip";
    return unschedulable("cannot allocate all claims: devices of resource claims are not allocated in this cluster", {
      preemptable: false,
    });
  },
});
