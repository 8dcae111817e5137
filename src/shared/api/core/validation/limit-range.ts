/**
 * Limits: each type once, and for each resource min ≤ default request ≤ default ≤ max.
 *
 * @source pkg/apis/core/validation/validation.go ValidateLimitRange v1.36
 */
import { duplicate, forbidden, invalidValue, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { compareQuantities, quantityMilli } from "../../../apimachinery/quantity.ts";
import { isQualifiedName } from "../../../apimachinery/validation.ts";
import type { LimitRangeItem } from "../../generated/core-v1.ts";
import { isHugePageName, isNativeName, sortedEntries, validateContainerResourceName, validateResourceName } from "./resources.ts";

const TYPES = ["Pod", "Container", "PersistentVolumeClaim"];

export function validateLimits(limits: readonly LimitRangeItem[] = []): FieldError[] {
  return limits.flatMap((limit, i) => {
    const path = `spec.limits[${i}]`;
    const errors = validateType(`${path}.type`, limit.type);
    if (limits.findIndex(({ type }) => type === limit.type) < i) errors.push(duplicate(`${path}.type`, limit.type));
    return [...errors, ...validateNames(path, limit), ...validateValues(path, limit)];
  });
}

function validateType(path: string, type = ""): FieldError[] {
  const errors = isQualifiedName(type).map((text) => invalidValue(path, type, text));
  if (errors.length || type.includes("/") || TYPES.includes(type)) return errors;
  return [invalidValue(path, type, "must be a standard limit type or fully qualified")];
}

const FIELDS = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

function validateNames(path: string, limit: LimitRangeItem): FieldError[] {
  const { type } = limit;
  const judge = type === "Pod" || type === "Container" ? validateContainerResourceName : validateResourceName;
  return FIELDS.flatMap((field) => {
    const names = sortedEntries(limit[field]).map(([name]) => name);
    if (type === "Pod" && field.startsWith("default"))
      return names.length ? [forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'")] : [];
    const errors = field === "maxLimitRequestRatio" ? storageMissing(path, limit) : [];
    return [...errors, ...names.flatMap((name) => judge(`${path}.${field}[${name}]`, name))];
  });
}

function storageMissing(path: string, { type, min, max }: LimitRangeItem): FieldError[] {
  if (type !== "PersistentVolumeClaim" || min?.storage !== undefined || max?.storage !== undefined) return [];
  return [required(`${path}.limits`, "either minimum or maximum storage value is required, but neither was provided")];
}

function validateValues(path: string, limit: LimitRangeItem): FieldError[] {
  const defaults = limit.type === "Pod" ? [] : [limit.default, limit.defaultRequest];
  const names = new Set([limit.max, limit.min, ...defaults, limit.maxLimitRequestRatio].flatMap((l) => Object.keys(l ?? {})));
  return [...names].sort().flatMap((name) => validateValue(path, limit, name));
}

function validateValue(path: string, limit: LimitRangeItem, name: string): FieldError[] {
  const pod = limit.type === "Pod";
  const [min, max, ratio] = [limit.min?.[name], limit.max?.[name], limit.maxLimitRequestRatio?.[name]];
  const usual = pod ? undefined : limit.default?.[name];
  const request = pod ? undefined : limit.defaultRequest?.[name];
  const errors: FieldError[] = [];
  const refuse = (field: string, value: string, text: string) =>
    errors.push(invalidValue(`${path}.${field}[${name}]`, value, text));
  const exceeds = (a: string | undefined, b: string | undefined) =>
    a !== undefined && b !== undefined && compareQuantities(a, b) > 0;
  if (exceeds(min, max)) refuse("min", min!, `min value ${min} is greater than max value ${max}`);
  if (exceeds(min, request))
    refuse("defaultRequest", request!, `min value ${min} is greater than default request value ${request}`);
  if (exceeds(request, max))
    refuse("defaultRequest", request!, `default request value ${request} is greater than max value ${max}`);
  if (exceeds(request, usual))
    refuse("defaultRequest", request!, `default request value ${request} is greater than default limit value ${usual}`);
  if (exceeds(min, usual)) refuse("default", min!, `min value ${min} is greater than default value ${usual}`);
  if (exceeds(usual, max)) refuse("default", max!, `default value ${usual} is greater than max value ${max}`);
  if (ratio !== undefined) {
    if (compareQuantities(ratio, "1") < 0) refuse("maxLimitRequestRatio", ratio, `ratio ${ratio} is less than 1`);
    const most = min === undefined || max === undefined ? Infinity : quantityMilli(max) / quantityMilli(min);
    if (quantityMilli(ratio) / 1000 > most)
      refuse("maxLimitRequestRatio", ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`);
  }
  const fixed = !isNativeName(name) || isHugePageName(name);
  if (fixed && usual !== undefined && request !== undefined && compareQuantities(usual, request) !== 0)
    refuse("defaultRequest", request, `default value ${usual} must equal to defaultRequest value ${request} in ${name}`);
  return errors;
}
