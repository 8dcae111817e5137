import type { Deployment as T } from "../generated/apps-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { makerWarnings } from "../template-warnings.ts";
import { defineKind } from "../kind.ts";
import { nonNegative } from "../core/validation/common.ts";
import {
  amountOf,
  immutableSelector,
  notMoreThanAll,
  validateCounts,
  validateIntOrPercent,
  validateReplicated,
} from "./validation.ts";
import { forbidden, invalidValue, notSupported, type FieldError } from "../../apimachinery/field-error.ts";
import { containerCells, selectorText } from "../workload-cells.ts";
import { dropsDisabled } from "../core/pod-creation.ts";
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
  ...dropsDisabled(({ spec }) => spec.template),
  validate: ({ spec }) => [
    ...nonNegative("spec.replicas", spec.replicas),
    ...validateReplicated(spec.selector, spec.template),
    ...validateStrategy("spec.strategy", spec.strategy),
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
    ...validateProgress(spec),
  ],
  validateUpdate: ({ spec }, old) => immutableSelector(spec.selector, old.spec.selector),
  validateStatusUpdate({ status }, old) {
    const errors = validateCounts(status, COUNTS, BOUNDED);
    const count = status.collisionCount ?? 0;
    if (count < (old.status.collisionCount ?? 0))
      errors.push(invalidValue("status.collisionCount", count, "cannot be decremented"));
    return errors;
  },
  warnings: (object, old) => makerWarnings(object, old, object.spec.template),
  generation: "annotations",
});
export type Deployment = T;

const BOUNDED = ["updatedReplicas", "readyReplicas", "availableReplicas"];
const COUNTS = ["observedGeneration", "replicas", ...BOUNDED, "unavailableReplicas", "terminatingReplicas", "collisionCount"];

function validateStrategy(field: string, strategy: T["spec"]["strategy"]): FieldError[] {
  const { type = "", rollingUpdate } = strategy;
  const at = `${field}.rollingUpdate`;
  if (type === "Recreate") return rollingUpdate ? [forbidden(at, "may not be specified when strategy `type` is 'Recreate'")] : [];
  if (type !== "RollingUpdate") {
    const rolling = rollingUpdate && {
      MaxUnavailable: rollingUpdate.maxUnavailable ?? 0,
      MaxSurge: rollingUpdate.maxSurge ?? 0,
    };
    return [notSupported(field, { Type: type, RollingUpdate: rolling ?? null }, ["Recreate", "RollingUpdate"])];
  }
  const { maxUnavailable, maxSurge } = rollingUpdate ?? {};
  const errors = [
    ...validateIntOrPercent(`${at}.maxUnavailable`, maxUnavailable),
    ...validateIntOrPercent(`${at}.maxSurge`, maxSurge),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0)
    errors.push(invalidValue(`${at}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  return [...errors, ...notMoreThanAll(`${at}.maxUnavailable`, maxUnavailable)];
}

function validateProgress({ progressDeadlineSeconds: deadline, minReadySeconds = 0 }: T["spec"]): FieldError[] {
  if (deadline === undefined) return [];
  const field = "spec.progressDeadlineSeconds";
  const errors = nonNegative(field, deadline);
  return deadline <= minReadySeconds
    ? [...errors, invalidValue(field, deadline, "must be greater than minReadySeconds")]
    : errors;
}
