import type { StatefulSet as T } from "../generated/apps-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { containerCells } from "../workload-cells.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

export const StatefulSet = defineKind<T>({
  ...facts["apps/v1/statefulsets"],
  cells(object, context) {
    const { metadata, spec, status } = object;
    const ready = `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`;
    return [metadata.name, ready, age(object, context), ...containerCells(spec?.template)];
  },
  name: "label",
  setDefaults({ spec }) {
    spec.podManagementPolicy ||= "OrderedReady";
    if (!spec.updateStrategy.type) {
      spec.updateStrategy.type = "RollingUpdate";
      spec.updateStrategy.rollingUpdate ??= {};
    }
    if (spec.updateStrategy.type === "RollingUpdate" && spec.updateStrategy.rollingUpdate)
      spec.updateStrategy.rollingUpdate.partition ??= 0;
    const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
    retention.whenDeleted ||= "Retain";
    retention.whenScaled ||= "Retain";
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.spec.volumeMode ??= "Filesystem";
      claim.status.phase ??= "Pending";
    }
    setTemplateDefaults(spec.template);
  },
  generation: true,
});
export type StatefulSet = T;
