import type { ReplicationController as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ReplicationController = defineKind<T>({ ...facts["v1/replicationcontrollers"] });
export type ReplicationController = T;
