import type { CronJob as T } from "../generated/batch-v1.ts";
import { age, NONE, since, UNSET } from "../cells.ts";
import { validateCronJob } from "./cron-job-validation.ts";
import { facts } from "../generated/kinds.ts";
import { jobWarnings } from "./job-spec.ts";
import { defineKind } from "../kind.ts";
import { containerCells, selectorText } from "../workload-cells.ts";
import { dropsDisabled } from "../core/pod-creation.ts";
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";

export const CronJob = defineKind<T>({
  ...facts["batch/v1/cronjobs"],
  cells(object, context) {
    const { metadata, spec, status } = object;
    const suspended = spec?.suspend === undefined ? UNSET : spec.suspend ? "True" : "False";
    const last = status?.lastScheduleTime ? since(status.lastScheduleTime, context.now) : NONE;
    const job = spec?.jobTemplate?.spec;
    const active = status?.active?.length ?? 0;
    const front = [metadata.name, spec?.schedule ?? "", spec?.timeZone ?? NONE, suspended, active, last, age(object, context)];
    return [...front, ...containerCells(job?.template), selectorText(job?.selector)];
  },
  setDefaults({ spec }) {
    spec.concurrencyPolicy ||= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    setTemplateDefaults(spec.jobTemplate.spec.template);
  },
  ...dropsDisabled(({ spec }) => spec.jobTemplate.spec.template),
  validate: (cronJob, _context, old) => validateCronJob(cronJob, old),
  warnings: (cronJob, old) => [
    ...jobWarnings(cronJob, old, "spec.jobTemplate.spec", cronJob.spec.jobTemplate.spec),
    ...(old && cronJob.spec.schedule.includes("TZ") ? [ZONED] : []),
  ],
  generation: true,
});
export type CronJob = T;

const ZONED =
  "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details";
