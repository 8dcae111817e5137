import type { DaemonSet as T } from "../generated/apps-v1.ts";
import { age, labelText } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { containerCells, selectorText } from "../workload-cells.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

export const DaemonSet = defineKind<T>({
  ...facts["apps/v1/daemonsets"],
  cells(object, context) {
    const { metadata, spec, status } = object;
    const { desiredNumberScheduled: desired = 0, currentNumberScheduled: current = 0, numberReady = 0 } = status ?? {};
    const counts = [desired, current, numberReady, status?.updatedNumberScheduled ?? 0, status?.numberAvailable ?? 0];
    const where = labelText(spec?.template?.spec?.nodeSelector);
    const selected = selectorText(spec?.selector);
    return [metadata.name, ...counts, where, age(object, context), ...containerCells(spec?.template), selected];
  },
  setDefaults({ spec }) {
    spec.updateStrategy.type ||= "RollingUpdate";
    if (spec.updateStrategy.type === "RollingUpdate") {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    setTemplateDefaults(spec.template);
  },
  generation: true,
});
export type DaemonSet = T;
