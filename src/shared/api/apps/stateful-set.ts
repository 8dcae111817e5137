import type { StatefulSet as T } from "../generated/apps-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateCounts } from "./validation.ts";
import { validateStatefulSet, validateStatefulSetUpdate } from "./stateful-set-validation.ts";
import { invalidValue } from "../../apimachinery/field-error.ts";
import { containerCells } from "../workload-cells.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

const BOUNDED = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
const COUNTS = ["replicas", ...BOUNDED, "observedGeneration", "collisionCount"];

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
    // A feature that is off.
    delete spec.updateStrategy.rollingUpdate?.maxUnavailable;
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.spec.volumeMode ??= "Filesystem";
      claim.status.phase ??= "Pending";
    }
    setTemplateDefaults(spec.template);
  },
  validate: (set, _context, old) => validateStatefulSet(set, old),
  validateUpdate: validateStatefulSetUpdate,
  validateStatusUpdate({ status }, old) {
    const errors = validateCounts(status, COUNTS, BOUNDED);
    const count = status.collisionCount ?? 0;
    if (count < (old.status.collisionCount ?? 0))
      errors.push(invalidValue("status.collisionCount", count, "cannot be decremented"));
    return errors;
  },
  generation: true,
});
export type StatefulSet = T;
