import type { ReplicaSet as T } from "../generated/apps-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

export const ReplicaSet = defineKind<T>({
  ...facts["apps/v1/replicasets"],
  setDefaults({ spec }) {
    spec.replicas ??= 1;
    setTemplateDefaults(spec.template);
  },
  generation: true,
});
export type ReplicaSet = T;
