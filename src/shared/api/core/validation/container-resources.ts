/**
 * What containers ask for, and what they may use.
 *
 * @source pkg/apis/core/validation/validation.go (validateResourceRequirements), pkg/apis/core/helper/helpers.go v1.36
 */
import {
  duplicate,
  forbidden,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
  type FieldError,
} from "../../../apimachinery/field-error.ts";
import { canonicalQuantity, compareQuantities, Quantity, quantityMilli } from "../../../apimachinery/quantity.ts";
import { isDNS1123Label } from "../../../apimachinery/validation.ts";
import type { Container, PodSpec, ResourceRequirements } from "../../generated/core-v1.ts";
import { podAmounts, type Amounts } from "../pod-resources.ts";
import { oneOf, says } from "./common.ts";
import {
  isHugePageName,
  isNativeName,
  sortedEntries,
  validateContainerResourceName,
  validateResourceName,
  validateResourceQuantity,
} from "./resources.ts";

const isOvercommitAllowed = (name: string) => isNativeName(name) && !isHugePageName(name);

type NameRule = (field: string, name: string) => FieldError[];

/** @param claims names of the pod's claims */
export function validateRequirements(
  field: string,
  needs: ResourceRequirements = {},
  claims: ReadonlySet<string>,
  nameRule: NameRule = validateContainerResourceName,
): FieldError[] {
  const { limits = {}, requests = {} } = needs;
  const amount = (at: string, name: string, value: string) => [
    ...nameRule(at, name),
    ...validateResourceQuantity(at, name, value),
  ];
  const errors = sortedEntries(limits).flatMap(([name, value]) => {
    const at = `${field}.limits[${name}]`;
    return [...amount(at, name, value), ...validatePages(at, name, value)];
  });
  for (const [name, value] of sortedEntries(requests)) {
    const at = `${field}.requests[${name}]`;
    errors.push(
      ...amount(at, name, value),
      ...validateAgainstLimit(field, name, value, limits[name]),
      ...validatePages(at, name, value),
    );
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePageName) && !names.includes("cpu") && !names.includes("memory"))
    errors.push(forbidden(field, "HugePages require cpu or memory"));
  return [...errors, ...validateClaimNames(`${field}.claims`, needs.claims, claims)];
}

function validateAgainstLimit(field: string, name: string, value: string, limit: string | undefined): FieldError[] {
  const at = `${field}.requests`;
  const free = isOvercommitAllowed(name);
  if (limit === undefined) return free ? [] : [required(`${field}.limits`, "Limit must be set for non overcommitable resources")];
  const order = compareQuantities(value, limit);
  if (order !== 0 && !free) return [invalidValue(at, value, `must be equal to ${name} limit of ${limit}`)];
  return order > 0 ? [invalidValue(at, value, `must be less than or equal to ${name} limit of ${limit}`)] : [];
}

/** `hugepages-2Mi` comes in pages of 2Mi. */
function validatePages(field: string, name: string, value: string): FieldError[] {
  if (!isHugePageName(name) || Quantity.parse(value).toNumber() % pageSize(name) === 0) return [];
  return [invalidValue(field, value, `${value} is not positive integer multiple of ${name}`)];
}

/** NaN, of which nothing is a multiple, where the name has no size. */
function pageSize(name: string): number {
  try {
    const milli = quantityMilli(name.slice("hugepages-".length));
    return milli > 0 && milli % 1000 === 0 ? milli / 1000 : NaN;
  } catch {
    return NaN;
  }
}

function validateClaimNames(
  field: string,
  claims: ResourceRequirements["claims"] = [],
  known: ReadonlySet<string>,
): FieldError[] {
  const seen = new Set<string>();
  return claims.flatMap(({ name, request }, i) => {
    const at = `${field}[${i}]`;
    if (!name) return [required(at)];
    const errors: FieldError[] = [];
    if (seen.has(name)) errors.push(duplicate(at, name));
    else {
      if (request) errors.push(...says(`${at}.request`, request, isDNS1123Label(request)));
      const shown = request ? `${name}/${request}` : name;
      if (seen.has(shown)) errors.push(duplicate(at, shown));
      else if (!request) for (const other of seen) if (other.startsWith(`${name}/`)) errors.push(duplicate(at, name));
      seen.add(shown);
    }
    if (known.has(name)) return errors;
    const among = known.size === 0 ? " which is empty" : `: ${[...known].sort().join(", ")}`;
    const missing = notFoundValue(at, name);
    return [
      ...errors,
      { ...missing, message: `${missing.message}: must be one of the names in pod.spec.resourceClaims${among}` },
    ];
  });
}

export function validateResizePolicy(field: string, { resizePolicy = [] }: Container, podPolicy: string): FieldError[] {
  const seen = new Set<string>();
  return resizePolicy.flatMap(({ resourceName, restartPolicy }, i) => {
    const errors = seen.has(resourceName) ? [duplicate(`${field}[${i}]`, resourceName)] : [];
    seen.add(resourceName);
    errors.push(...(resourceName ? oneOf(field, resourceName, ["cpu", "memory"]) : [required(field)]));
    errors.push(...(restartPolicy ? oneOf(field, restartPolicy, ["NotRequired", "RestartContainer"]) : [required(field)]));
    if (podPolicy === "Never" && restartPolicy !== "NotRequired")
      errors.push(invalidValue(field, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    return errors;
  });
}

const POD_RESOURCES = ["cpu", "hugepages-", "memory"];

/** What all containers of a pod share. */
export function validatePodResources(field: string, spec: PodSpec, claims: ReadonlySet<string>): FieldError[] {
  const needs = spec.resources;
  if (!needs) return [];
  if (spec.os?.name === "windows") return [forbidden(field, "may not be set for a windows pod")];
  const noClaims = needs.claims?.length ? [forbidden(`${field}.claims`, "claims may not be set for Resources at pod-level")] : [];
  return [...noClaims, ...validateRequirements(field, needs, claims, podResourceName), ...validateConsistency(field, spec)];
}

function podResourceName(field: string, name: string): FieldError[] {
  const errors = validateResourceName(field, name);
  if (errors.length || name === "cpu" || name === "memory" || isHugePageName(name)) return errors;
  return [notSupported(field, name, POD_RESOURCES)];
}

/** The whole is not smaller than its parts. */
function validateConsistency(field: string, spec: PodSpec): FieldError[] {
  const { resources, ...parts } = spec;
  const errors: FieldError[] = [];
  const compare = (list: "requests" | "limits", sums: Amounts) => {
    for (const [name, sum] of [...sums].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const whole = resources?.[list]?.[name];
      if (whole === undefined || sum.cmp(Quantity.parse(whole)) <= 0) continue;
      const text = `must be greater than or equal to aggregate container ${list} of ${sum}`;
      errors.push(invalidValue(`${field}.${list}[${name}]`, canonicalQuantity(whole), text));
    }
  };
  compare("requests", podAmounts(parts, "requests"));
  const huge = [...podAmounts(parts, "limits")].filter(([name]) => isHugePageName(name));
  compare("limits", new Map(huge));
  for (const [i, container] of (spec.containers ?? []).entries())
    for (const [name, amount] of sortedEntries(container.resources?.limits)) {
      const whole = resources?.limits?.[name];
      if (whole === undefined || Quantity.parse(amount).cmp(Quantity.parse(whole)) <= 0) continue;
      const text = `must be less than or equal to pod limits of ${canonicalQuantity(whole)}`;
      errors.push(invalidValue(`${field}.containers[${i}][${name}].limits`, canonicalQuantity(amount), text));
    }
  return errors;
}
