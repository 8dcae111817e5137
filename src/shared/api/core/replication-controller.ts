import type { ReplicationController as T } from "../generated/core-v1.ts";
import { age, labelText } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { makerWarnings } from "../template-warnings.ts";
import { defineKind } from "../kind.ts";
import { invalidValue, required, type FieldError } from "../../apimachinery/field-error.ts";
import { validateLasting } from "../apps/validation.ts";
import { nonNegative } from "./validation/common.ts";
import { validatePodTemplate } from "./validation/pod-spec.ts";
import { containerCells } from "../workload-cells.ts";
import { dropsDisabled } from "./pod-creation.ts";
import { setTemplateDefaults } from "./pod-spec-defaults.ts";

export const ReplicationController = defineKind<T>({
  ...facts["v1/replicationcontrollers"],
  cells(object, context) {
    const { metadata, spec, status } = object;
    const counts = [spec?.replicas ?? 0, status?.replicas ?? 0, status?.readyReplicas ?? 0];
    return [metadata.name, ...counts, age(object, context), ...containerCells(spec?.template), labelText(spec?.selector)];
  },
  setDefaults({ metadata, spec }) {
    const labels = spec.template?.metadata.labels;
    if (labels && !Object.keys(spec.selector ?? {}).length) spec.selector = { ...labels };
    if (labels && !Object.keys(metadata.labels ?? {}).length) metadata.labels = { ...labels };
    spec.replicas ??= 1;
    setTemplateDefaults(spec.template);
  },
  ...dropsDisabled(({ spec }) => spec.template),
  validate: ({ spec }) => [
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...(Object.keys(spec.selector ?? {}).length > 0 ? [] : [required("spec.selector")]),
    ...nonNegative("spec.replicas", spec.replicas),
    ...(spec.template
      ? [
          ...validateMatch(spec.selector, spec.template.metadata.labels),
          ...validatePodTemplate("spec.template", spec.template),
          ...validateLasting("spec.template", spec.template, "ReplicationController"),
        ]
      : [required("spec.template")]),
  ],
  warnings: (object, old) => makerWarnings(object, old, object.spec.template),
  generation: true,
  deletePropagation: "orphan",
  selectableFields: { "status.replicas": (rc) => String(rc.status.replicas ?? 0) },
});
export type ReplicationController = T;

/** Its selector is plain pairs, which are not judged themselves. */
function validateMatch(selector: T["spec"]["selector"], labels: Readonly<Record<string, string>> = {}): FieldError[] {
  if (Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value)) return [];
  return [invalidValue("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")];
}
