import type { CronJob as T } from "../generated/batch-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

export const CronJob = defineKind<T>({
  ...facts["batch/v1/cronjobs"],
  setDefaults({ spec }) {
    spec.concurrencyPolicy ||= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    setTemplateDefaults(spec.jobTemplate.spec.template);
  },
  generation: true,
});
export type CronJob = T;
