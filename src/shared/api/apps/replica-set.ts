import type { ReplicaSet as T } from "../generated/apps-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { makerWarnings } from "../template-warnings.ts";
import { defineKind } from "../kind.ts";
import { nonNegative } from "../core/validation/common.ts";
import { immutableSelector, validateCounts, validateReplicated } from "./validation.ts";
import { containerCells, selectorText } from "../workload-cells.ts";
import { dropsDisabled } from "../core/pod-creation.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

const COUNTS = ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas"];

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
  ...dropsDisabled(({ spec }) => spec.template),
  validate: ({ spec }) => [
    ...nonNegative("spec.replicas", spec.replicas),
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...validateReplicated(spec.selector, spec.template),
  ],
  validateUpdate: ({ spec }, old) => immutableSelector(spec.selector, old.spec.selector),
  validateStatusUpdate: ({ status }) =>
    validateCounts(status, [...COUNTS, "observedGeneration", "terminatingReplicas"], COUNTS.slice(1)),
  warnings: (object, old) => makerWarnings(object, old, object.spec.template),
  generation: true,
});
export type ReplicaSet = T;
