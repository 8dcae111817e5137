import type { PersistentVolumeClaim as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const PersistentVolumeClaim = defineKind<T>({ ...facts["v1/persistentvolumeclaims"], returnDeletedObject: true });
export type PersistentVolumeClaim = T;
