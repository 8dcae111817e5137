/**
 * What a Job's status may say: an end is told once, with all that belongs to it, and is not taken back. A rule about things that
 * did not change does not judge them again.
 *
 * @source pkg/apis/batch/validation/validation.go validateJobStatus; pkg/registry/batch/job/strategy.go getStatusValidationOptions v1.36
 */
import { isConditionTrue } from "../../apimachinery/conditions.ts";
import { duplicate, invalidValue, required, type FieldError } from "../../apimachinery/field-error.ts";
import { parseTime } from "../../lib/platform.ts";
import { nonNegative } from "../core/validation/common.ts";
import { sameMeaning } from "../core/validation/same-meaning.ts";
import type { Job } from "../generated/batch-v1.ts";
import { commonIndex, countIndexes } from "./indexes.ts";
import { fault } from "./job-policies.ts";

interface Facts {
  complete: boolean;
  failed: boolean;
  failing: boolean;
  succeeding: boolean;
  finished: boolean;
}

function factsOf({ status }: Job): Facts {
  const is = (type: string) => isConditionTrue(status.conditions, type);
  const [complete, failed] = [is("Complete"), is("Failed")];
  return { complete, failed, failing: is("FailureTarget"), succeeding: is("SuccessCriteriaMet"), finished: complete || failed };
}

export function validateJobStatus(job: Job, old: Job): FieldError[] {
  const [now, was] = [factsOf(job), factsOf(old)];
  return [
    ...validateCounts(job),
    ...validateEnd(job, old, now, was),
    ...validateFinished(job, old, now, was),
    ...validateIndexes(job, old),
    ...validateReady(job, old, now, was),
    ...validateSuccess(job, now),
    ...validateNothingUndone(job, old, now, was),
  ];
}

const at = (name: string) => `status.${name}`;

function validateCounts({ status }: Job): FieldError[] {
  const errors = (["active", "succeeded", "failed", "ready", "terminating"] as const).flatMap((name) =>
    nonNegative(at(name), status[name]),
  );
  const seen = new Set<string>();
  for (const list of ["succeeded", "failed"] as const)
    for (const [i, uid] of (status.uncountedTerminatedPods?.[list] ?? []).entries()) {
      const where = `status.uncountedTerminatedPods.${list}[${i}]`;
      if (!uid) errors.push(invalidValue(where, uid, "must not be empty"));
      else if (seen.has(uid)) errors.push(duplicate(where, uid));
      seen.add(uid);
    }
  return errors;
}

/** Conditions that end a job, and its times. */
function validateEnd({ status }: Job, { status: before }: Job, now: Facts, was: Facts): FieldError[] {
  const { startTime: start, completionTime: end } = status;
  const errors: FieldError[] = [];
  const changed = (fact: keyof Facts) => now[fact] !== was[fact];
  const refuse = (text: string) => errors.push(fault(at("conditions"), text));
  const timesChanged = start !== before.startTime || end !== before.completionTime;
  const endChanged = changed("complete") || end !== before.completionTime;
  if ((changed("complete") || changed("failed")) && now.complete && now.failed)
    refuse("cannot set Complete=True and Failed=true conditions");
  if ((changed("complete") || changed("failing")) && now.complete && now.failing)
    refuse("cannot set Complete=True and FailureTarget=true conditions");
  if (endChanged && end !== undefined && !now.complete)
    errors.push(invalidValue(at("completionTime"), end, "cannot set completionTime when there is no Complete=True condition"));
  if (endChanged && end === undefined && now.complete)
    errors.push(required(at("completionTime"), "completionTime is required for Complete jobs"));
  if (timesChanged && start && end && parseTime(end) < parseTime(start))
    errors.push(invalidValue(at("completionTime"), end, "must be equal to or after `startTime`"));
  if ((changed("failed") || status.failedIndexes !== before.failedIndexes) && now.failed && !now.failing)
    refuse("cannot set Failed=True condition without the FailureTarget=true condition");
  if ((changed("complete") || changed("succeeding")) && now.complete && !now.succeeding)
    refuse("cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
  return errors;
}

function validateFinished({ spec, status }: Job, { status: before }: Job, now: Facts, was: Facts): FieldError[] {
  const changed = now.finished !== was.finished;
  if (!now.finished) return [];
  const errors: FieldError[] = [];
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = status;
  if ((changed || active !== (before.active ?? 0)) && active > 0)
    errors.push(invalidValue(at("active"), active, "active>0 is invalid for finished job"));
  const neverStarted = spec.suspend === true && spec.completions === 0;
  if ((changed || startTime !== before.startTime) && !neverStarted && startTime === undefined)
    errors.push(required(at("startTime"), "startTime is required for finished job"));
  const named = { Succeeded: uncounted?.succeeded ?? null, Failed: uncounted?.failed ?? null };
  const left = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);
  if ((changed || !sameMeaning(uncounted, before.uncountedTerminatedPods)) && left > 0)
    errors.push(invalidValue(at("uncountedTerminatedPods"), named, "must be empty for finished job"));
  return errors;
}

function validateIndexes({ spec, status }: Job, { status: before }: Job): FieldError[] {
  const { completions } = spec;
  const { completedIndexes: completed = "", failedIndexes: failed } = status;
  const errors: FieldError[] = [];
  const completedChanged = completed !== (before.completedIndexes ?? "");
  const failedChanged = failed !== before.failedIndexes;
  const judge = (name: string, text: string) => {
    const counted = countIndexes(text, completions!);
    if (typeof counted !== "number") errors.push(invalidValue(at(name), text, `error parsing ${name}: ${counted.fault}`));
  };
  if (completedChanged && completions !== undefined) judge("completedIndexes", completed);
  const perIndex = spec.backoffLimitPerIndex !== undefined;
  if (failedChanged && completions !== undefined && perIndex && failed !== undefined) judge("failedIndexes", failed);
  if (completedChanged && completed && spec.completionMode !== "Indexed") {
    const text = "cannot set non-empty completedIndexes when non-indexed completion mode";
    errors.push(invalidValue(at("completedIndexes"), completed, text));
  }
  if (failedChanged && failed !== undefined && !perIndex)
    errors.push(invalidValue(at("failedIndexes"), failed, "cannot set non-null failedIndexes when backoffLimitPerIndex is null"));
  if ((failedChanged || completedChanged) && completions !== undefined && failed && completed) {
    const both = commonIndex(completed, failed, completions);
    const text = `failedIndexes and completedIndexes overlap at index: ${both}`;
    if (both !== undefined) errors.push(invalidValue(at("failedIndexes"), failed, text));
  }
  return errors;
}

function validateReady({ status }: Job, { status: before }: Job, now: Facts, was: Facts): FieldError[] {
  const { ready, terminating, active = 0 } = status;
  const errors: FieldError[] = [];
  const ended = now.finished !== was.finished || terminating !== before.terminating;
  if (ended && now.finished && (terminating ?? 0) > 0)
    errors.push(invalidValue(at("terminating"), terminating, "terminating>0 is invalid for finished job"));
  if ((ready !== before.ready || active !== (before.active ?? 0)) && (ready ?? 0) > active)
    errors.push(invalidValue(at("ready"), ready, "cannot set more ready pods than active"));
  return errors;
}

function validateSuccess({ spec }: Job, { succeeding, failed, failing, complete }: Facts): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (text: string) => errors.push(fault(at("conditions"), text));
  if (succeeding && failed) refuse("cannot set SuccessCriteriaMet=True and Failed=true conditions");
  if (succeeding && failing) refuse("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
  if (spec.successPolicy && !succeeding && complete)
    refuse("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
  return errors;
}

const TERMINAL = ["Failed", "Complete", "FailureTarget"];

function validateNothingUndone({ spec, status }: Job, { status: before }: Job, now: Facts, was: Facts): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (text: string) => errors.push(fault(at("conditions"), text));
  for (const type of TERMINAL)
    if (isConditionTrue(before.conditions, type) && !isConditionTrue(status.conditions, type))
      refuse(`cannot disable the terminal ${type}=True condition`);
  const { failed = 0, succeeded = 0, completionTime: end, startTime: start } = status;
  if (failed < (before.failed ?? 0)) errors.push(invalidValue(at("failed"), failed, "cannot decrease the failed counter"));
  const elastic = spec.completionMode === "Indexed" && spec.completions === spec.parallelism;
  if (!elastic && succeeded < (before.succeeded ?? 0))
    errors.push(invalidValue(at("succeeded"), succeeded, "cannot decrease the succeeded counter"));
  if (end && before.completionTime && end !== before.completionTime)
    errors.push(invalidValue(at("completionTime"), end, "field is immutable"));
  const resuming =
    isConditionTrue(before.conditions, "Suspended") &&
    (status.conditions ?? []).some((c) => c.type === "Suspended" && c.status === "False");
  if (before.startTime && start !== before.startTime && !resuming && !spec.suspend)
    errors.push(invalidValue(at("startTime"), start ?? null, "field is immutable for unsuspended job once set"));
  if (was.succeeding && !now.succeeding) refuse("cannot disable the SuccessCriteriaMet=True condition");
  if (was.complete && !was.succeeding && now.succeeding)
    refuse("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
  return errors;
}
