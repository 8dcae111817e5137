/**
 * CronJobs: schedules that can be read, in a time zone that is known.
 *
 * @source pkg/apis/batch/validation/validation.go ValidateCronJobCreate, validateCronJobSpec v1.36
 */
import { invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { parseSchedule } from "../../lib/cron-schedule.ts";
import { zoneOffsetMs } from "../../lib/platform.ts";
import { nonNegative } from "../core/validation/common.ts";
import type { CronJob } from "../generated/batch-v1.ts";
import { validateJobSpec } from "./job-validation.ts";

const POLICIES = ["Allow", "Forbid", "Replace"];
/** Jobs get eleven characters more. */
const NAME_MAX = 52;

export function validateCronJob({ metadata, spec }: CronJob, old?: CronJob): FieldError[] {
  const { schedule, timeZone, concurrencyPolicy: policy, jobTemplate } = spec;
  const errors = schedule
    ? validateSchedule("spec.schedule", schedule, timeZone, old?.spec.schedule.includes("TZ") ?? false)
    : [required("spec.schedule")];
  errors.push(...nonNegative("spec.startingDeadlineSeconds", spec.startingDeadlineSeconds));
  if (timeZone !== undefined && timeZone !== old?.spec.timeZone) errors.push(...validateTimeZone("spec.timeZone", timeZone));
  if (!policy) errors.push(required("spec.concurrencyPolicy"));
  else if (!POLICIES.includes(policy)) errors.push(notSupported("spec.concurrencyPolicy", policy, POLICIES, "given"));
  const field = "spec.jobTemplate.spec";
  errors.push(...validateJobSpec(field, jobTemplate.spec));
  const { selector, manualSelector } = jobTemplate.spec;
  if (selector) errors.push(invalidValue(`${field}.selector`, selector, "`selector` will be auto-generated"));
  if (manualSelector) errors.push(notSupported(`${field}.manualSelector`, manualSelector, ["nil", "false"], "given"));
  errors.push(...nonNegative("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit));
  errors.push(...nonNegative("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit));
  if (!old && (metadata.name ?? "").length > NAME_MAX)
    errors.push(invalidValue("metadata.name", metadata.name, `must be no more than ${NAME_MAX} characters`));
  return errors;
}

/** `zoned`: it had its own time zone before that was refused. */
function validateSchedule(field: string, schedule: string, timeZone: string | undefined, zoned: boolean): FieldError[] {
  const errors: FieldError[] = [];
  try {
    parseSchedule(schedule);
  } catch (error) {
    errors.push(invalidValue(field, schedule, (error as Error).message));
  }
  if (!schedule.includes("TZ")) return errors;
  const text = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
  if (!zoned) errors.push(invalidValue(field, schedule, text));
  else if (timeZone !== undefined)
    errors.push(invalidValue(field, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"));
  return errors;
}

const PART = /^[A-Za-z.\-_0-9+]{1,14}$/;

function validateTimeZone(field: string, zone: string): FieldError[] {
  if (!zone) return [invalidValue(field, zone, "timeZone must be nil or non-empty string")];
  const unknown = [invalidValue(field, zone, `unknown time zone ${zone}`)];
  if (zone.split("/").some((part) => part === "." || part === ".." || part.startsWith("-") || !PART.test(part))) return unknown;
  if (zone.toLowerCase() === "local") {
    const text = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    return zone === "Local" ? [invalidValue(field, zone, text)] : [invalidValue(field, zone, text), ...unknown];
  }
  return isKnownZone(zone) ? [] : unknown;
}

/** Case matters, though not to the runtime. */
function isKnownZone(zone: string): boolean {
  try {
    zoneOffsetMs(0, zone);
  } catch {
    return false;
  }
  const canonical = new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  return canonical === zone || canonical.toLowerCase() !== zone.toLowerCase();
}
