import { forbidden, invalidValue, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import { validateAnnotations, validateLabels } from "../../apimachinery/validation.ts";
import type { ResourceClaimTemplate as T } from "../generated/resource-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { setClaimDefaults, validateDevices } from "./claim-validation.ts";

export const ResourceClaimTemplate = defineKind<T>({
  ...facts["resource.k8s.io/v1/resourceclaimtemplates"],
  returnDeletedObject: true,
  setDefaults: ({ spec }) => setClaimDefaults(spec?.spec?.devices),
  validate: ({ spec }, _context, old) =>
    old ? [] : [...validateTemplateMetadata(spec?.metadata), ...validateDevices("spec.spec.devices", spec?.spec?.devices)],
  validateUpdate: ({ spec }, old) => (deepEqual(spec, old.spec) ? [] : [invalidValue("spec", spec, "field is immutable")]),
});
export type ResourceClaimTemplate = T;

/** Claims take labels and annotations from here, and nothing else. */
function validateTemplateMetadata(metadata: T["spec"]["metadata"]): FieldError[] {
  const others = Object.keys(metadata ?? {}).filter((name) => name !== "labels" && name !== "annotations");
  return [
    ...validateAnnotations("spec.metadata.annotations", metadata?.annotations),
    ...validateLabels("spec.metadata.labels", metadata?.labels),
    ...others.map((name) => forbidden(`spec.metadata.${name}`, "cannot be set")),
  ];
}
