import type { Deployment as T } from "../generated/apps-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

export const Deployment = defineKind<T>({
  ...facts["apps/v1/deployments"],
  setDefaults({ spec }) {
    spec.replicas ??= 1;
    spec.strategy.type ||= "RollingUpdate";
    if (spec.strategy.type === "RollingUpdate") {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
      spec.strategy.rollingUpdate.maxSurge ??= "25%";
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    setTemplateDefaults(spec.template);
  },
  generation: true,
});
export type Deployment = T;
