import type { FlowSchema as T } from "../generated/flowcontrol-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const FlowSchema = defineKind<T>({
  ...facts["flowcontrol.apiserver.k8s.io/v1/flowschemas"],
  generation: true,
  setDefaults({ spec }) {
    if (spec) spec.matchingPrecedence ||= 1000;
  },
});
export type FlowSchema = T;
