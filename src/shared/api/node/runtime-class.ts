import type { RuntimeClass as T } from "../generated/node-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const RuntimeClass = defineKind<T>({
  ...facts["node.k8s.io/v1/runtimeclasses"],
  cells: (runtime, context) => [runtime.metadata.name, runtime.handler, age(runtime, context)],
  createOnUpdate: true,
  requireResourceVersion: true,
});
export type RuntimeClass = T;
