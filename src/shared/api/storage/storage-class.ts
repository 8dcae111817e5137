import type { StorageClass as T } from "../generated/storage-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const StorageClass = defineKind<T>({ ...facts["storage.k8s.io/v1/storageclasses"], returnDeletedObject: true });
export type StorageClass = T;
