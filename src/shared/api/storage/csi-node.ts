import type { CSINode as T } from "../generated/storage-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const CSINode = defineKind<T>({
  ...facts["storage.k8s.io/v1/csinodes"],
  cells: (node, context) => [node.metadata.name, node.spec.drivers?.length ?? 0, age(node, context)],
  requireResourceVersion: true,
  returnDeletedObject: true,
});
export type CSINode = T;
