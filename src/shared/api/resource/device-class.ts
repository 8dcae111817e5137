import { invalidValue } from "../../apimachinery/field-error.ts";
import { isExtendedName } from "../core/validation/resources.ts";
import type { DeviceClass as T } from "../generated/resource-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateConfiguration, validateSelectors, validateSlice } from "./validation.ts";

const MAX_CONFIG = 32;

export const DeviceClass = defineKind<T>({
  ...facts["resource.k8s.io/v1/deviceclasses"],
  returnDeletedObject: true,
  generation: true,
  validate({ spec = {} }) {
    const name = spec.extendedResourceName;
    const errors = [
      ...validateSelectors("spec.selectors", spec.selectors),
      ...validateSlice("spec.config", spec.config, MAX_CONFIG, validateConfiguration),
    ];
    if (name !== undefined && !isExtendedName(name))
      errors.push(invalidValue("spec.extendedResourceName", name, "must be a valid extended resource name"));
    return errors;
  },
});
export type DeviceClass = T;
