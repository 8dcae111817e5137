/**
 * When a Job has failed for good and when it has succeeded early.
 *
 * @source pkg/apis/batch/validation/validation.go validatePodFailurePolicy, validateSuccessPolicy v1.36
 */
import { wasAbsent } from "../../apimachinery/decode.ts";
import {
  duplicate,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from "../../apimachinery/field-error.ts";
import { isQualifiedName } from "../../apimachinery/validation.ts";
import { nonNegative, says } from "../core/validation/common.ts";
import type { JobSpec } from "../generated/batch-v1.ts";
import { countIndexes } from "./indexes.ts";

const ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS = ["In", "NotIn"];
const STATUSES = ["False", "True", "Unknown"];
const MOST_RULES = 20;
const MOST_CODES = 255;
const MOST_PATTERNS = 20;
const MOST_INDEX_BYTES = 64 * 1024;

type Rule = NonNullable<NonNullable<JobSpec["podFailurePolicy"]>["rules"]>[number];
type ExitCodes = NonNullable<Rule["onExitCodes"]>;

/** An invalid value that is not shown. */
export const fault = (field: string, detail: string): FieldError => ({
  type: "FieldValueInvalid",
  field,
  message: `Invalid value: ${detail}`,
});

function word(field: string, value: string, words: readonly string[]): FieldError[] {
  if (!value) return [required(field, `valid values: [${words.map((w) => JSON.stringify(w)).join(" ")}]`)];
  return words.includes(value) ? [] : [notSupported(field, value, words)];
}

export function validateFailurePolicy(field: string, spec: JobSpec): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const errors = rules.length > MOST_RULES ? [tooMany(`${field}.rules`, rules.length, MOST_RULES)] : [];
  return [...errors, ...rules.flatMap((rule, i) => validateRule(`${field}.rules[${i}]`, rule, spec))];
}

function validateRule(field: string, rule: Rule, spec: JobSpec): FieldError[] {
  const { action = "", onExitCodes: codes, onPodConditions: patterns = [] } = rule;
  const errors: FieldError[] = [];
  if (action !== "FailIndex") errors.push(...word(`${field}.action`, action, ACTIONS));
  else if (spec.backoffLimitPerIndex === undefined)
    errors.push(invalidValue(`${field}.action`, action, "requires the backoffLimitPerIndex to be set"));
  if (codes) errors.push(...validateExitCodes(`${field}.onExitCodes`, codes, spec));
  if (patterns.length > MOST_PATTERNS) errors.push(tooMany(`${field}.onPodConditions`, patterns.length, MOST_PATTERNS));
  for (const [i, { type = "", status = "" }] of patterns.entries()) {
    const at = `${field}.onPodConditions[${i}]`;
    errors.push(...says(`${at}.type`, type, isQualifiedName(type)), ...word(`${at}.status`, status, STATUSES));
  }
  if (codes && patterns.length) errors.push(fault(field, "specifying both OnExitCodes and OnPodConditions is not supported"));
  if (!codes && !patterns.length) errors.push(fault(field, "specifying one of OnExitCodes and OnPodConditions is required"));
  return errors;
}

function validateExitCodes(field: string, { operator, containerName, values = [] }: ExitCodes, spec: JobSpec): FieldError[] {
  const errors = word(`${field}.operator`, operator ?? "", OPERATORS);
  const { containers = [], initContainers = [] } = spec.template.spec ?? {};
  if (containerName !== undefined && ![...containers, ...initContainers].some(({ name }) => name === containerName)) {
    const text = "must be one of the container or initContainer names in the pod template";
    errors.push(invalidValue(`${field}.containerName`, containerName, text));
  }
  const at = `${field}.values`;
  if (!values.length) errors.push(invalidValue(at, wasAbsent(values) ? null : values, "at least one value is required"));
  else if (values.length > MOST_CODES) errors.push(tooMany(at, values.length, MOST_CODES));
  const seen = new Set<number>();
  for (const [i, value] of values.entries()) {
    if (operator === "In" && value === 0) errors.push(invalidValue(`${at}[${i}]`, value, "must not be 0 for the In operator"));
    if (seen.has(value)) errors.push(duplicate(`${at}[${i}]`, value));
    seen.add(value);
  }
  const ordered = values.every((value, i) => i === 0 || values[i - 1]! <= value);
  return ordered ? errors : [...errors, invalidValue(at, values, "must be ordered")];
}

export function validateSuccessPolicy(field: string, spec: JobSpec): FieldError[] {
  const rules = spec.successPolicy?.rules ?? [];
  const at = `${field}.rules`;
  const errors: FieldError[] = [];
  if (!rules.length) errors.push(required(at, "at least one rules must be specified when the successPolicy is specified"));
  if (rules.length > MOST_RULES) errors.push(tooMany(at, rules.length, MOST_RULES));
  for (const [i, { succeededCount: count, succeededIndexes: indexes }] of rules.entries())
    errors.push(...validateSuccess(`${at}[${i}]`, count, indexes, spec.completions ?? 0));
  return errors;
}

function validateSuccess(
  field: string,
  count: number | undefined,
  indexes: string | undefined,
  completions: number,
): FieldError[] {
  if (count === undefined && indexes === undefined)
    return [required(field, "at least one of succeededCount or succeededIndexes must be specified")];
  const errors: FieldError[] = [];
  let listed = 0;
  if (indexes !== undefined) {
    const at = `${field}.succeededIndexes`;
    if (indexes.length > MOST_INDEX_BYTES) errors.push(tooLong(at, MOST_INDEX_BYTES));
    const counted = countIndexes(indexes, completions);
    if (typeof counted === "number") listed = counted;
    else errors.push(invalidValue(at, indexes, `error parsing succeededIndexes: ${counted.fault}`));
  }
  if (count === undefined) return errors;
  const at = `${field}.succeededCount`;
  const most = (n: number, what: string) => invalidValue(at, count, `must be less than or equal to ${n} (the number of ${what})`);
  errors.push(...nonNegative(at, count));
  if (count > completions) errors.push(most(completions, "specified completions"));
  if (indexes !== undefined && count > listed) errors.push(most(listed, "indexes in the specified succeededIndexes field"));
  return errors;
}
