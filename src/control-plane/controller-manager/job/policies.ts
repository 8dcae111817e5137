/**
 * A Job's rules about its pods: what a failure means (podFailurePolicy), and when enough has succeeded (successPolicy).
 *
 * @source pkg/controller/job/{pod_failure_policy,success_policy}.go v1.36
 */
import type { Job, Pod } from "../../../shared/api/index.ts";
import type { PodFailurePolicyOnExitCodesRequirement } from "../../../shared/api/generated/batch-v1.ts";
import { Intervals } from "./intervals.ts";

export interface FailureVerdict {
  /** Why the whole Job fails; absent where it does not. */
  failJob?: string;
  /** Counts towards the backoff limit. */
  counts: boolean;
  action?: "FailJob" | "FailIndex" | "Ignore" | "Count";
}

/** The first rule that matches decides. */
export function judgeFailure(job: Job, pod: Pod): FailureVerdict {
  for (const [index, rule] of (job.spec?.podFailurePolicy?.rules ?? []).entries()) {
    const action = rule.action as NonNullable<FailureVerdict["action"]>;
    const why = rule.onExitCodes ? exitCodeText(pod, rule.onExitCodes) : conditionText(pod, rule.onPodConditions ?? []);
    if (why === undefined) continue;
    if (action === "FailJob") return { failJob: `${why} matching FailJob rule at index ${index}`, counts: true, action };
    return { counts: action !== "Ignore", action };
  }
  return { counts: true };
}

function exitCodeText(pod: Pod, requirement: PodFailurePolicyOnExitCodesRequirement): string | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  for (const { name, state } of [...containerStatuses, ...initContainerStatuses]) {
    const code = state?.terminated?.exitCode;
    if (!code || (requirement.containerName && requirement.containerName !== name)) continue;
    const listed = (requirement.values ?? []).includes(code);
    if (requirement.operator === "In" ? !listed : listed) continue;
    return `Container ${name} for pod ${pod.metadata.namespace}/${pod.metadata.name} failed with exit code ${code}`;
  }
  return undefined;
}

function conditionText(pod: Pod, patterns: readonly { type: string; status?: string }[]): string | undefined {
  const match = pod.status?.conditions?.find((c) => patterns.some((p) => p.type === c.type && (p.status ?? "True") === c.status));
  return match && `Pod ${pod.metadata.namespace}/${pod.metadata.name} has condition ${match.type}`;
}

/** The message of the success rule that is met, if one is. */
export function metSuccessRule(job: Job, succeeded: Intervals): string | undefined {
  if (succeeded.size === 0) return undefined;
  for (const [index, rule] of (job.spec?.successPolicy?.rules ?? []).entries()) {
    if (isMet(rule, succeeded, job.spec?.completions ?? 0)) return `Matched rules at index ${index}`;
  }
  return undefined;
}

function isMet(rule: { succeededIndexes?: string; succeededCount?: number }, succeeded: Intervals, completions: number): boolean {
  if (rule.succeededIndexes === undefined) return rule.succeededCount !== undefined && succeeded.size >= rule.succeededCount;
  const wanted = Intervals.parse(rule.succeededIndexes, completions);
  if (wanted.size === 0) return false;
  const met = wanted.overlap(succeeded);
  return met === wanted.size || (rule.succeededCount !== undefined && met >= rule.succeededCount);
}
