import type { Job as T } from "../generated/batch-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Job = defineKind<T>({ ...facts["batch/v1/jobs"] });
export type Job = T;
