/**
 * What workloads have in common: a selector, a template that it matches, and counts.
 *
 * @source pkg/apis/apps/validation/validation.go v1.36
 */
import type { LabelSelector } from "../../apimachinery/generated/meta-v1.ts";
import { forbidden, invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/json.ts";
import { selectorFromObject } from "../../apimachinery/selectors.ts";
import { isValidPercent, validateLabelSelector } from "../../apimachinery/validation.ts";
import { nonNegative } from "../core/validation/common.ts";
import { validatePodTemplate } from "../core/validation/pod-spec.ts";
import type { PodTemplateSpec } from "../generated/core-v1.ts";

/** @param kind as the text names what must not be empty */
export function validateSelector(field: string, selector: LabelSelector | undefined, kind: string): FieldError[] {
  return selector ? [...validateLabelSelector(field, selector), ...notEmpty(field, selector, kind)] : [required(field)];
}

export function notEmpty(field: string, selector: LabelSelector, kind: string): FieldError[] {
  const count = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0);
  return count === 0 ? [invalidValue(field, selector, `empty selector is invalid for ${kind}`)] : [];
}

export function canSelect(selector: LabelSelector | undefined): boolean {
  try {
    selectorFromObject(selector);
    return true;
  } catch {
    return false;
  }
}

/** @param selector one that can select */
export function validateMatch(
  field: string,
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
): FieldError[] {
  const labels = template?.metadata?.labels;
  const made = selectorFromObject(selector);
  if (made.empty || made.matches(labels)) return [];
  return [invalidValue(`${field}.metadata.labels`, labels ?? null, "`selector` does not match template `labels`")];
}

export function validateLasting(field: string, template: PodTemplateSpec | undefined, kind: string): FieldError[] {
  const { restartPolicy = "", activeDeadlineSeconds } = template?.spec ?? {};
  const at = `${field}.spec`;
  return [
    ...(restartPolicy === "Always" ? [] : [notSupported(`${at}.restartPolicy`, restartPolicy, ["Always"])]),
    ...(activeDeadlineSeconds === undefined
      ? []
      : [forbidden(`${at}.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kind} is not Supported`)]),
  ];
}

/** Of ReplicaSets and Deployments. */
export function validateReplicated(selector: LabelSelector | undefined, template: PodTemplateSpec): FieldError[] {
  return [
    ...validateSelector("spec.selector", selector, "deployment"),
    ...(canSelect(selector)
      ? [
          ...validateMatch("spec.template", template, selector),
          ...validatePodTemplate("spec.template", template),
          ...validateLasting("spec.template", template, "ReplicaSet"),
        ]
      : [invalidValue("spec.selector", selector, "invalid label selector")]),
  ];
}

export const immutableSelector = (now: LabelSelector | undefined, was: LabelSelector | undefined): FieldError[] =>
  deepEqual(now, was) ? [] : [invalidValue("spec.selector", now, "field is immutable")];

export function validateIntOrPercent(field: string, value: number | string = 0): FieldError[] {
  if (typeof value === "number") return nonNegative(field, value);
  return isValidPercent(value).map((text) => invalidValue(field, value, text));
}

/** 0 where a text is no percentage. */
export const amountOf = (value: number | string = 0): number =>
  typeof value === "number" ? value : /^\d+%$/.test(value) ? Number.parseInt(value, 10) : 0;

export function notMoreThanAll(field: string, value: number | string = 0): FieldError[] {
  const isOver = typeof value === "string" && value.endsWith("%") && amountOf(value) > 100;
  return isOver ? [invalidValue(field, value, "must not be greater than 100%")] : [];
}

/** Counts of a status: none negative, none above what there is. `ready`: how the kind's message names what is ready. */
export function validateCounts(
  status: object,
  names: readonly string[],
  bounded: readonly string[] = [],
  ready = "readyReplicas",
): FieldError[] {
  const counts = status as Readonly<Record<string, number | undefined>>;
  const errors = names.flatMap((name) => nonNegative(`status.${name}`, counts[name]));
  for (const name of bounded)
    if ((counts[name] ?? 0) > (counts.replicas ?? 0))
      errors.push(invalidValue(`status.${name}`, counts[name] ?? 0, "cannot be greater than status.replicas"));
  const available = counts.availableReplicas ?? 0;
  if (bounded.includes("availableReplicas") && available > (counts.readyReplicas ?? 0))
    errors.push(invalidValue("status.availableReplicas", available, `cannot be greater than ${ready}`));
  return errors;
}
