import type { StatefulSet as T } from "../generated/apps-v1.ts";
import { age } from "../cells.ts";
import { claimSpecWarnings } from "../core/validation/claim.ts";
import { podWarnings } from "../core/validation/pod-warnings.ts";
import { isSameGeneration } from "../template-warnings.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateCounts } from "./validation.ts";
import { validateStatefulSet, validateStatefulSetUpdate } from "./stateful-set-validation.ts";
import { invalidValue } from "../../apimachinery/field-error.ts";
import { containerCells } from "../workload-cells.ts";
import { dropDisabled } from "../core/pod-creation.ts";
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
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.apiVersion = "v1";
      claim.kind = "PersistentVolumeClaim";
      claim.spec.volumeMode ??= "Filesystem";
      claim.status.phase ??= "Pending";
    }
    setTemplateDefaults(spec.template);
  },
  prepareForCreate: dropOff,
  prepareForUpdate: dropOff,
  validate: (set, _context, old) => validateStatefulSet(set, old),
  validateUpdate: validateStatefulSetUpdate,
  warnings(set, old) {
    const { spec } = set;
    const limit = spec.revisionHistoryLimit ?? 0;
    const text = "a negative value retains all historical revisions; a value >= 0 is recommended";
    const claims = old ? [] : (spec.volumeClaimTemplates ?? []);
    return [
      ...(isSameGeneration(set, old) ? [] : podWarnings("spec.template", spec.template)),
      ...claims.flatMap((claim, i) => claimSpecWarnings(`spec.volumeClaimTemplates[${i}]`, claim.spec)),
      ...(limit < 0 ? [`spec.revisionHistoryLimit: ${text}`] : []),
    ];
  },
  validateStatusUpdate({ status }, old) {
    const errors = validateCounts(status, COUNTS, BOUNDED, "status.readyReplicas");
    const count = status.collisionCount ?? 0;
    const was = old.status.collisionCount;
    if (was !== undefined && (status.collisionCount === undefined || count < was))
      errors.push(invalidValue("status.collisionCount", count, "cannot be decremented"));
    return errors;
  },
  generation: true,
});
export type StatefulSet = T;

/** Features that are off. */
function dropOff({ spec }: T): void {
  delete spec.updateStrategy.rollingUpdate?.maxUnavailable;
  dropDisabled(spec.template.spec);
}
