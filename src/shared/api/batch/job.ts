import type { Job as T } from "../generated/batch-v1.ts";
import { parseTime } from "../../lib/platform.ts";
import { age, since } from "../cells.ts";
import { isLabelValue } from "../../apimachinery/validation.ts";
import { dropDisabled } from "../core/pod-creation.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind, type ReadContext } from "../kind.ts";
import { containerCells, selectorText } from "../workload-cells.ts";
import { generateSelector, jobWarnings, setJobSpecDefaults } from "./job-spec.ts";
import { validateJobStatus } from "./job-status-validation.ts";
import { validateJob, validateJobUpdate } from "./job-validation.ts";

export const Job = defineKind<T>({
  ...facts["batch/v1/jobs"],
  cells(job, context) {
    const { metadata, spec } = job;
    const times = [stateText(job), completionsText(job), durationText(job, context), age(job, context)];
    return [metadata.name, ...times, ...containerCells(spec?.template), selectorText(spec?.selector)];
  },
  setDefaults: ({ metadata, spec }) => {
    setJobSpecDefaults(spec);
    const labels = spec.template.metadata.labels;
    if (labels && !Object.keys(metadata.labels ?? {}).length) metadata.labels = labels;
  },
  generation: true,
  deletePropagation: "orphan",
  unknownField: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  selectableFields: { "status.successful": (job) => String(job.status.succeeded ?? 0) },
  prepareForCreate(job) {
    job.status = {};
    dropDisabled(job.spec.template.spec);
    const { metadata, spec } = job;
    // Labels that defaults took from the template are those of the template, with what is generated into it.
    const shared = !metadata.labels || metadata.labels === spec.template.metadata.labels;
    const { name = "" }: { name?: string } = metadata;
    if (!spec.manualSelector) generateSelector(job);
    if (shared && !isLabelValue(name).length && spec.template.metadata.labels)
      metadata.labels = { ...spec.template.metadata.labels };
  },
  prepareForUpdate: ({ spec }) => dropDisabled(spec.template.spec),
  revalidatesMetadata: true,
  validate: (job, _context, old) => validateJob(job, old),
  validateUpdate: validateJobUpdate,
  validateStatusUpdate: validateJobStatus,
  warnings: (job, old) => jobWarnings(job, old, "spec", job.spec),
});
export type Job = T;

const STATES = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];

function stateText({ metadata, status }: T): string {
  const has = (type: string) => status?.conditions?.some((c) => c.type === type && c.status === "True");
  if (has("Complete")) return "Complete";
  if (has("Failed")) return "Failed";
  return metadata.deletionTimestamp ? "Terminating" : (STATES.find(has) ?? "Running");
}

function completionsText({ spec, status }: T): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: T, { now }: ReadContext): string {
  if (!status?.startTime) return "";
  return since(status.startTime, status.completionTime ? parseTime(status.completionTime) : now);
}
