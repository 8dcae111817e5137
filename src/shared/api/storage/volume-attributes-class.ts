import { forbidden, required } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import type { VolumeAttributesClass as T } from "../generated/storage-v1.ts";
import { defineKind } from "../kind.ts";
import { validateParameters, validateProvisioner } from "./provisioner.ts";

export const VolumeAttributesClass = defineKind<T>({
  ...facts["storage.k8s.io/v1/volumeattributesclasses"],
  cells: (c, context) => [c.metadata.name, c.driverName, age(c, context)],
  returnDeletedObject: true,
  validate: ({ driverName, parameters }) => [
    ...validateProvisioner("driverName", driverName),
    ...validateParameters("parameters", parameters),
    ...(Object.keys(parameters ?? {}).length === 0 ? [required("parameters", "must contain at least one key/value pair")] : []),
  ],
  validateUpdate: (now, old) => [
    ...(now.driverName === old.driverName ? [] : [forbidden("driverName", "updates to driverName are forbidden.")]),
    ...(deepEqual(now.parameters, old.parameters) ? [] : [forbidden("parameters", "updates to parameters are forbidden.")]),
  ],
});
export type VolumeAttributesClass = T;
