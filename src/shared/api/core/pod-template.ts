import type { PodTemplate as T } from "../generated/core-v1.ts";
import { labelText } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { containerCells } from "../workload-cells.ts";
import { dropsDisabled } from "./pod-creation.ts";
import { setTemplateDefaults } from "./pod-spec-defaults.ts";
import { podWarnings } from "./validation/pod-warnings.ts";
import { isSameGeneration } from "../template-warnings.ts";
import { validatePodTemplate } from "./validation/pod-spec.ts";

export const PodTemplate = defineKind<T>({
  ...facts["v1/podtemplates"],
  cells: ({ metadata, template }) => [metadata.name, ...containerCells(template), labelText(template?.metadata?.labels)],
  returnDeletedObject: true,
  setDefaults: (object) => setTemplateDefaults(object.template),
  ...dropsDisabled(({ template }) => template),
  validate: ({ template }) => validatePodTemplate("template", template),
  warnings: (object, old) => (isSameGeneration(object, old) ? [] : podWarnings("template", object.template)),
  generation: true,
});
export type PodTemplate = T;
