import type { Deployment as T } from "../generated/apps-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { containerCells, selectorText } from "../workload-cells.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

export const Deployment = defineKind<T>({
  ...facts["apps/v1/deployments"],
  cells(object, context) {
    const { metadata, spec, status } = object;
    const ready = `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`;
    const [updated, available] = [status?.updatedReplicas ?? 0, status?.availableReplicas ?? 0];
    const selected = selectorText(spec?.selector, "");
    return [metadata.name, ready, updated, available, age(object, context), ...containerCells(spec?.template), selected];
  },
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
