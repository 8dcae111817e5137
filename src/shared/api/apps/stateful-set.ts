import type { StatefulSet as T } from "../generated/apps-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const StatefulSet = defineKind<T>({ ...facts["apps/v1/statefulsets"] });
export type StatefulSet = T;
