import type { Node as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Node = defineKind<T>({
  ...facts["v1/nodes"],
  statusOnCreate: true,
  selectableFields: { "spec.unschedulable": (node) => String(node.spec.unschedulable ?? false) },
});
export type Node = T;
