/**
 * Jobs and the templates of them that a CronJob has.
 *
 * @source pkg/apis/batch/validation/validation.go ValidateJob, ValidateJobUpdate v1.36
 */
import { invalidValue, notSupported, required, tooLong, type FieldError } from "../../apimachinery/field-error.ts";
import { isConditionTrue } from "../../apimachinery/conditions.ts";
import { deepCopy } from "../../apimachinery/patch/json.ts";
import { selectorFromObject } from "../../apimachinery/selectors.ts";
import { isDNS1123Label, validateDomainPrefixedPath, validateLabelSelector } from "../../apimachinery/validation.ts";
import { nonNegative } from "../core/validation/common.ts";
import { validatePodTemplate } from "../core/validation/pod-spec.ts";
import { sameMeaning } from "../core/validation/same-meaning.ts";
import type { Container, PodSpec, PodTemplateSpec } from "../generated/core-v1.ts";
import type { Job, JobSpec } from "../generated/batch-v1.ts";
import { validateFailurePolicy, validateSuccessPolicy } from "./job-policies.ts";

const MOST_PARALLEL = 100_000;
/** Above as many completions, less may fail and run at once. */
const MANY = 100_000;
const MOST_OF_MANY = 10_000;
const MANAGED_BY_MAX = 63;

const COUNTS = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
] as const;

/** What holds for a Job and for a template of one. `field`: where the specification stands. */
export function validateJobSpec(field: string, spec: JobSpec): FieldError[] {
  const { managedBy, completionMode = "NonIndexed" } = spec;
  const errors = COUNTS.flatMap((name) => nonNegative(`${field}.${name}`, spec[name]));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(required(`${field}.backoffLimitPerIndex`, "when maxFailedIndexes is specified"));
  if (managedBy !== undefined) {
    errors.push(...validateDomainPrefixedPath(`${field}.managedBy`, managedBy));
    if (managedBy.length > MANAGED_BY_MAX) errors.push(tooLong(`${field}.managedBy`, MANAGED_BY_MAX));
  }
  const indexed = completionMode === "Indexed";
  if (indexed) errors.push(...validateIndexed(field, spec));
  else if (completionMode === "NonIndexed") errors.push(...validateNotIndexed(field, spec));
  else errors.push(notSupported(`${field}.completionMode`, completionMode, ["NonIndexed", "Indexed"], "given"));
  if (spec.podFailurePolicy) errors.push(...validateFailurePolicy(`${field}.podFailurePolicy`, spec));
  if (spec.successPolicy && indexed) errors.push(...validateSuccessPolicy(`${field}.successPolicy`, spec));
  else if (spec.successPolicy)
    errors.push(invalidValue(`${field}.successPolicy`, inGo(spec.successPolicy), "requires indexed completion mode"));
  const replacements = spec.podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
  const replace = spec.podReplacementPolicy;
  if (replace !== undefined && !replacements.includes(replace))
    errors.push(notSupported(`${field}.podReplacementPolicy`, replace, replacements));
  return [...errors, ...validatePodTemplate(`${field}.template`, spec.template), ...validateRestart(field, spec)];
}

function validateIndexed(field: string, spec: JobSpec): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes: failed } = spec;
  const errors: FieldError[] = [];
  const most = (name: "parallelism" | "maxFailedIndexes", n: number, when: string) =>
    errors.push(invalidValue(`${field}.${name}`, spec[name], `must be less than or equal to ${n}${when}`));
  if (completions === undefined) errors.push(required(`${field}.completions`, "when completion mode is Indexed"));
  if (parallelism > MOST_PARALLEL) most("parallelism", MOST_PARALLEL, " when completion mode is Indexed");
  if (completions !== undefined && failed !== undefined && failed > completions)
    errors.push(invalidValue(`${field}.maxFailedIndexes`, failed, "must be less than or equal to completions"));
  if (failed !== undefined && failed > MANY) most("maxFailedIndexes", MANY, "");
  if ((completions ?? 0) <= MANY || spec.backoffLimitPerIndex === undefined) return errors;
  const when = ` when completions are above ${MANY} and used with backoff limit per index`;
  if (failed === undefined)
    errors.push(required(`${field}.maxFailedIndexes`, `must be specified when completions is above ${MANY}`));
  if (parallelism > MOST_OF_MANY) most("parallelism", MOST_OF_MANY, when);
  if (failed !== undefined && failed > MOST_OF_MANY) most("maxFailedIndexes", MOST_OF_MANY, when);
  return errors;
}

const validateNotIndexed = (field: string, spec: JobSpec): FieldError[] =>
  (["backoffLimitPerIndex", "maxFailedIndexes"] as const).flatMap((name) =>
    spec[name] === undefined ? [] : [invalidValue(`${field}.${name}`, spec[name], "requires indexed completion mode")],
  );

function validateRestart(field: string, { template, podFailurePolicy }: JobSpec): FieldError[] {
  const policy = template.spec?.restartPolicy ?? "";
  const at = `${field}.template.spec.restartPolicy`;
  if (!policy || policy === "Always") return [required(at, 'valid values: "OnFailure", "Never"')];
  if (policy !== "OnFailure" && policy !== "Never") return [notSupported(at, policy, ["OnFailure", "Never"], "given")];
  return podFailurePolicy && policy !== "Never"
    ? [invalidValue(at, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    : [];
}

export function validateJob(job: Job, old?: Job): FieldError[] {
  const { metadata, spec } = job;
  const errors = [...validateGenerated(job, old), ...validateWholeSpec(spec)];
  if (spec.completionMode === "Indexed" && (spec.completions ?? 0) > 0) {
    const hostname = `${metadata.name}-${spec.completions! - 1}`;
    if (isDNS1123Label(hostname).length) {
      const text = `will not able to create pod with invalid DNS label: ${hostname}`;
      errors.push(invalidValue("metadata.name", metadata.name, text));
    }
  }
  return errors;
}

function validateWholeSpec(spec: JobSpec): FieldError[] {
  const errors = validateJobSpec("spec", spec);
  errors.push(...(spec.selector ? validateLabelSelector("spec.selector", spec.selector) : [required("spec.selector")]));
  const labels = spec.template.metadata?.labels;
  if (matches(spec, labels) === false) {
    const text = "`selector` does not match template `labels`";
    errors.push(invalidValue("spec.template.metadata.labels", labels ?? null, text));
  }
  return errors;
}

/** undefined: the selector makes no sense. */
function matches({ selector }: JobSpec, labels: Record<string, string> | undefined): boolean | undefined {
  try {
    return selectorFromObject(selector).matches(labels ?? {});
  } catch {
    return undefined;
  }
}

const [UID, NAME] = ["controller-uid", "job-name"];
const PREFIX = "batch.kubernetes.io/";

/** A selector that the server made is of this job alone. Jobs of old have it without prefix. */
function validateGenerated({ metadata, spec }: Job, old: Job | undefined): FieldError[] {
  if (spec.manualSelector || !spec.selector) return [];
  const had = old?.spec.template.metadata?.labels;
  const prefixed = !old || (had?.[PREFIX + UID] !== undefined && had?.[PREFIX + NAME] !== undefined);
  const wanted: Record<string, string> = { [UID!]: metadata.uid, [NAME!]: metadata.name ?? "" };
  if (prefixed) Object.assign(wanted, { [PREFIX + UID]: metadata.uid, [PREFIX + NAME]: metadata.name ?? "" });
  const errors: FieldError[] = [];
  const labels = spec.template.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(wanted)) {
    const at = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) errors.push(required("spec.template.metadata.labels", `must be '${value}'`));
    else if (labels[key] !== value) errors.push(invalidValue(at, labels[key], `must be '${value}'`));
  }
  if (matches(spec, wanted) === false) errors.push(invalidValue("spec.selector", spec.selector, "`selector` not auto-generated"));
  return errors;
}

const FIXED_AFTER = ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] as const;
const IMMUTABLE = "field is immutable";

export function validateJobUpdate({ spec }: Job, old: Job): FieldError[] {
  const was = old.spec;
  const fixed = (name: keyof JobSpec): FieldError[] =>
    sameMeaning(spec[name], was[name]) ? [] : [invalidValue(`spec.${name}`, spec[name], IMMUTABLE)];
  const errors = validateWholeSpec(spec);
  if (spec.completionMode !== "Indexed") errors.push(...fixed("completions"));
  else if (spec.completions !== undefined && spec.completions !== was.completions && spec.completions !== spec.parallelism)
    errors.push(invalidValue("spec.completions", spec.completions, "can only be modified in tandem with spec.parallelism"));
  errors.push(...fixed("selector"), ...validateTemplateUpdate(spec.template, old));
  return [...errors, ...FIXED_AFTER.flatMap(fixed)];
}

/** While a job waits and nothing of it runs, it may be told where its pods go and what they get. */
function validateTemplateUpdate(template: PodTemplateSpec, { spec, status }: Job): FieldError[] {
  const stopped = status.startTime === undefined || isConditionTrue(status.conditions, "Suspended");
  const open = Boolean(spec.suspend) && stopped && !status.active;
  const was = open ? withPlacementOf(spec.template, template) : spec.template;
  if (!open) return sameMeaning(template, was) ? [] : [invalidValue("spec.template", template, IMMUTABLE)];
  const expected = { ...was.spec } as PodSpec;
  for (const list of ["containers", "initContainers"] as const)
    if (expected[list]) expected[list] = withResourcesOf(expected[list], template.spec?.[list]);
  return sameMeaning(template.spec, expected) ? [] : [invalidValue("spec.template.spec", template.spec, IMMUTABLE)];
}

function withPlacementOf(template: PodTemplateSpec, now: PodTemplateSpec): PodTemplateSpec {
  const copy = deepCopy(template);
  const spec = copy.spec as PodSpec;
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const nodeAffinity = now.spec?.affinity?.nodeAffinity;
  const affinity = {
    ...(podAffinity && { podAffinity }),
    ...(podAntiAffinity && { podAntiAffinity }),
    ...(nodeAffinity && { nodeAffinity }),
  };
  if (Object.keys(affinity).length || now.spec?.affinity) spec.affinity = affinity;
  else delete spec.affinity;
  for (const name of ["nodeSelector", "tolerations", "schedulingGates"] as const)
    Object.assign(spec, { [name]: now.spec?.[name] });
  return {
    ...copy,
    metadata: { ...copy.metadata, annotations: now.metadata?.annotations, labels: now.metadata?.labels } as never,
  };
}

const withResourcesOf = (old: readonly Container[], now: readonly Container[] = []): Container[] =>
  old.map((container, i) =>
    old.length === now.length && now[i]!.name === container.name ? { ...container, resources: now[i]!.resources } : container,
  );

/** As the error shows it: with the names of Go's fields. */
function inGo({ rules }: NonNullable<JobSpec["successPolicy"]>): unknown {
  const shown = (rules ?? []).map(({ succeededIndexes, succeededCount }) => ({
    SucceededIndexes: succeededIndexes ?? null,
    SucceededCount: succeededCount ?? null,
  }));
  return { Rules: shown.length ? shown : null };
}
