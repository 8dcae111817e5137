import type { ReplicationController as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { setTemplateDefaults } from "./pod-spec-defaults.ts";

export const ReplicationController = defineKind<T>({
  ...facts["v1/replicationcontrollers"],
  setDefaults({ metadata, spec }) {
    const labels = spec.template?.metadata.labels;
    if (labels && !Object.keys(spec.selector ?? {}).length) spec.selector = { ...labels };
    if (labels && !Object.keys(metadata.labels ?? {}).length) metadata.labels = { ...labels };
    spec.replicas ??= 1;
    setTemplateDefaults(spec.template);
  },
  generation: true,
  deletePropagation: "orphan",
  selectableFields: { "status.replicas": (rc) => String(rc.status.replicas ?? 0) },
});
export type ReplicationController = T;
