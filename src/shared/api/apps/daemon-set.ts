import type { DaemonSet as T } from "../generated/apps-v1.ts";
import { age, labelText } from "../cells.ts";
import { podWarnings } from "../core/validation/pod-warnings.ts";
import { isSameGeneration } from "../template-warnings.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { nonNegative } from "../core/validation/common.ts";
import { validatePodTemplate } from "../core/validation/pod-spec.ts";
import {
  amountOf,
  canSelect,
  immutableSelector,
  notEmpty,
  notMoreThanAll,
  validateCounts,
  validateIntOrPercent,
  validateLasting,
  validateMatch,
} from "./validation.ts";
import { validateLabelSelector } from "../../apimachinery/validation.ts";
import { deepEqual } from "../../apimachinery/patch/json.ts";
import { invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { containerCells, selectorText } from "../workload-cells.ts";
import { dropDisabled } from "../core/pod-creation.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

/** How often its template changed: a field of an older version. */
const GENERATION = "deprecated.daemonset.template.generation";

const templateGeneration = ({ annotations }: T["metadata"]): number => Number.parseInt(annotations?.[GENERATION] ?? "0", 10) || 0;

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
  setDefaults({ metadata, spec }) {
    metadata.annotations = { ...metadata.annotations, [GENERATION]: String(templateGeneration(metadata)) };
    spec.updateStrategy.type ||= "RollingUpdate";
    if (spec.updateStrategy.type === "RollingUpdate") {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    setTemplateDefaults(spec.template);
  },
  validate: ({ spec }, _context, old) => [
    ...(old ? immutableSelector(spec.selector, old.spec.selector) : []),
    ...validateLabelSelector("spec.selector", spec.selector),
    ...(canSelect(spec.selector) ? validateMatch("spec.template", spec.template, spec.selector) : []),
    ...(spec.selector ? notEmpty("spec.selector", spec.selector, "daemonset") : []),
    ...validatePodTemplate("spec.template", spec.template),
    ...validateLasting("spec.template", spec.template, "DaemonSet"),
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...validateStrategy("spec.updateStrategy", spec.updateStrategy),
    ...nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
  ],
  warnings: (set, old) => (isSameGeneration(set, old) ? [] : podWarnings("spec.template", set.spec.template)),
  prepareForCreate({ metadata, spec }) {
    dropDisabled(spec.template.spec);
    metadata.annotations![GENERATION] = "1";
  },
  prepareForUpdate({ metadata, spec }, old) {
    dropDisabled(spec.template.spec);
    const was = templateGeneration(old.metadata);
    metadata.annotations![GENERATION] = String(deepEqual(spec.template, old.spec.template) ? was : was + 1);
  },
  validateStatusUpdate({ status }, old) {
    const errors = validateCounts(status, COUNTS);
    const count = status.collisionCount ?? 0;
    if (count < (old.status.collisionCount ?? 0))
      errors.push(invalidValue("status.collisionCount", count, "cannot be decremented"));
    return errors;
  },
  generation: true,
});
export type DaemonSet = T;

const COUNTS = [
  "currentNumberScheduled",
  "numberMisscheduled",
  "desiredNumberScheduled",
  "numberReady",
  "observedGeneration",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
  "collisionCount",
];

function validateStrategy(field: string, { type, rollingUpdate }: T["spec"]["updateStrategy"]): FieldError[] {
  if (type === "OnDelete") return [];
  if (type !== "RollingUpdate") {
    const rolling = rollingUpdate && { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 };
    const shown = { Type: type ?? "", RollingUpdate: rolling ?? null };
    return [notSupported(field, shown, ["RollingUpdate", "OnDelete"], "given")];
  }
  const at = `${field}.rollingUpdate`;
  if (!rollingUpdate) return [required(at)];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const [hasUnavailable, hasSurge] = [amountOf(maxUnavailable) !== 0, amountOf(maxSurge) !== 0];
  const errors = [
    ...validateIntOrPercent(`${at}.maxUnavailable`, maxUnavailable),
    ...validateIntOrPercent(`${at}.maxSurge`, maxSurge),
    ...notMoreThanAll(`${at}.maxUnavailable`, maxUnavailable),
    ...notMoreThanAll(`${at}.maxSurge`, maxSurge),
  ];
  if (hasUnavailable && hasSurge)
    errors.push(invalidValue(`${at}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero"));
  if (!hasUnavailable && !hasSurge) errors.push(required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
  return errors;
}
