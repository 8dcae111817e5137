import type { PodTemplate as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { setTemplateDefaults } from "./pod-spec-defaults.ts";

export const PodTemplate = defineKind<T>({
  ...facts["v1/podtemplates"],
  returnDeletedObject: true,
  setDefaults: (object) => setTemplateDefaults(object.template),
  generation: true,
});
export type PodTemplate = T;
