import type { CronJob as T } from "../generated/batch-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const CronJob = defineKind<T>({ ...facts["batch/v1/cronjobs"] });
export type CronJob = T;
