import type { Service as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

const AFFINITY_SECONDS = 10_800;

export const Service = defineKind<T>({
  ...facts["v1/services"],
  name: "label",
  createOnUpdate: true,
  returnDeletedObject: true,
  selectableFields: {
    "spec.clusterIP": ({ spec }) => spec.clusterIP ?? "",
    "spec.type": ({ spec }) => spec.type ?? "",
  },
  setDefaults({ spec }) {
    spec.sessionAffinity ||= "None";
    if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
    else if (spec.sessionAffinity === "ClientIP")
      ((spec.sessionAffinityConfig ??= {}).clientIP ??= {}).timeoutSeconds ??= AFFINITY_SECONDS;
    spec.type ||= "ClusterIP";
    for (const port of spec.ports ?? []) {
      port.protocol ||= "TCP";
      if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === "") port.targetPort = port.port;
    }
    const exposed = spec.type === "NodePort" || spec.type === "LoadBalancer";
    if (exposed || (spec.type === "ClusterIP" && spec.externalIPs?.length)) spec.externalTrafficPolicy ||= "Cluster";
    if (exposed || spec.type === "ClusterIP") spec.internalTrafficPolicy ??= "Cluster";
    if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
  },
});
export type Service = T;
