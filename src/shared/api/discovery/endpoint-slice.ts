import type { EndpointSlice as T } from "../generated/discovery-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const EndpointSlice = defineKind<T>({
  ...facts["discovery.k8s.io/v1/endpointslices"],
  generation: true,
  setDefaults({ ports = [] }) {
    for (const port of ports) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
});
export type EndpointSlice = T;
