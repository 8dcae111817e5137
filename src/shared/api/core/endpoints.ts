import type { Endpoints as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Endpoints = defineKind<T>({
  ...facts["v1/endpoints"],
  createOnUpdate: true,
  setDefaults({ subsets = [] }) {
    for (const { ports = [] } of subsets) for (const port of ports) port.protocol ||= "TCP";
  },
});
export type Endpoints = T;
