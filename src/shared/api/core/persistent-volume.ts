import type { PersistentVolume as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const PersistentVolume = defineKind<T>({ ...facts["v1/persistentvolumes"], returnDeletedObject: true });
export type PersistentVolume = T;
