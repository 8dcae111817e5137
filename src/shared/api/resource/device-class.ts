import type { DeviceClass as T } from "../generated/resource-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const DeviceClass = defineKind<T>({
  ...facts["resource.k8s.io/v1/deviceclasses"],
  returnDeletedObject: true,
  generation: true,
});
export type DeviceClass = T;
