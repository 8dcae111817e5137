import type { NetworkPolicy as T } from "../generated/networking-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const NetworkPolicy = defineKind<T>({
  ...facts["networking.k8s.io/v1/networkpolicies"],
  generation: true,
  setDefaults({ spec }) {
    if (!spec) return;
    for (const { ports = [] } of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
      for (const port of ports) port.protocol ??= "TCP";
    // A policy that does not say is about ingress at least.
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
  },
});
export type NetworkPolicy = T;
