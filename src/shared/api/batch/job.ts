import type { Job as T } from "../generated/batch-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { generateSelector, setJobSpecDefaults } from "./job-spec.ts";

export const Job = defineKind<T>({
  ...facts["batch/v1/jobs"],
  setDefaults: ({ metadata, spec }) => {
    setJobSpecDefaults(spec);
    const labels = spec.template.metadata.labels;
    if (labels && !Object.keys(metadata.labels ?? {}).length) metadata.labels = { ...labels };
  },
  generation: true,
  deletePropagation: "orphan",
  unknownField: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  selectableFields: { "status.successful": (job) => String(job.status.succeeded ?? 0) },
  prepareForCreate(job) {
    job.status = {};
    if (!job.spec.manualSelector) generateSelector(job);
  },
});
export type Job = T;
