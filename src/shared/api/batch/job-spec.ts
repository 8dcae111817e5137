/** Defaults of a job specification, and the selector a job gets that does not choose its own. */
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";
import type { Job, JobSpec } from "../generated/batch-v1.ts";

/** @source pkg/apis/batch/v1/defaults.go v1.36 */
export function setJobSpecDefaults(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
  spec.manualSelector ??= false;
  for (const rule of spec.podFailurePolicy?.rules ?? [])
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= "True";
  setTemplateDefaults(spec.template);
}

/** Pods of a job are found by the job's uid; the unprefixed labels are what older clients look for. */
export function generateSelector({ metadata, spec }: Job): void {
  const labels = (spec.template.metadata.labels ??= {});
  for (const prefix of ["", "batch.kubernetes.io/"]) {
    labels[`${prefix}controller-uid`] ??= metadata.uid;
    labels[`${prefix}job-name`] ??= metadata.name;
  }
  spec.selector ??= {};
  spec.selector.matchLabels ??= {};
  spec.selector.matchLabels["batch.kubernetes.io/controller-uid"] ??= metadata.uid;
}
