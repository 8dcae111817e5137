/** Defaults of a job specification, and the selector a job gets that does not choose its own. */
import { setTemplateDefaults } from "../core/pod-spec-defaults.ts";
import { isSameGeneration } from "../template-warnings.ts";
import { podWarnings } from "../core/validation/pod-warnings.ts";
import { nameWarnings } from "../name-warnings.ts";
import type { KubeObject } from "../../apimachinery/meta.ts";
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
    labels[`${prefix}job-name`] ??= metadata.name ?? "";
  }
  spec.selector ??= {};
  spec.selector.matchLabels ??= {};
  spec.selector.matchLabels["batch.kubernetes.io/controller-uid"] ??= metadata.uid;
}

const MANY =
  "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail";

/** @param path where the specification of the job stands */
export function jobWarnings(object: KubeObject, old: KubeObject | undefined, path: string, spec: JobSpec): string[] {
  const names = nameWarnings(object.metadata.name, old);
  if (isSameGeneration(object, old)) return names;
  const many = spec.completionMode === "Indexed" && (spec.completions ?? 0) > 100_000 && (spec.parallelism ?? 0) > 10_000;
  return [...names, ...(many ? [`${path}: ${MANY}`] : []), ...podWarnings(`${path}.template`, spec.template)];
}
