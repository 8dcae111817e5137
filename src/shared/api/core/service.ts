import type { Service as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Service = defineKind<T>({
  ...facts["v1/services"],
  name: "label-1035",
  createOnUpdate: true,
  returnDeletedObject: true,
});
export type Service = T;
