import type { ReplicaSet as T } from "../generated/apps-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ReplicaSet = defineKind<T>({ ...facts["apps/v1/replicasets"] });
export type ReplicaSet = T;
