import type { ReplicaSet as T } from "../generated/apps-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { containerCells, selectorText } from "../workload-cells.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

export const ReplicaSet = defineKind<T>({
  ...facts["apps/v1/replicasets"],
  cells(object, context) {
    const { metadata, spec, status } = object;
    const counts = [spec?.replicas ?? 0, status?.replicas ?? 0, status?.readyReplicas ?? 0];
    return [metadata.name, ...counts, age(object, context), ...containerCells(spec?.template), selectorText(spec?.selector)];
  },
  setDefaults({ spec }) {
    spec.replicas ??= 1;
    setTemplateDefaults(spec.template);
  },
  generation: true,
});
export type ReplicaSet = T;
