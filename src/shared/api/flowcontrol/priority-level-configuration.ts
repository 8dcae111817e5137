import type { PriorityLevelConfiguration as T } from "../generated/flowcontrol-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const PriorityLevelConfiguration = defineKind<T>({
  ...facts["flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations"],
  generation: true,
});
export type PriorityLevelConfiguration = T;
