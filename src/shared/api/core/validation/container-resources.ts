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
import { isQualifiedName } from "../../../apimachinery/validation.ts";
import type { Container, PodSpec, ResourceRequirements } from "../../generated/core-v1.ts";
import { podAmounts, type Amounts } from "../pod-resources.ts";
import { oneOf, says } from "./common.ts";
import { sortedEntries } from "./resources.ts";

const COMPUTE = ["cpu", "memory", "ephemeral-storage"];
const HUGE_PAGES = "hugepages-";
const isHuge = (name: string) => name.startsWith(HUGE_PAGES);
const isNative = (name: string) => !name.includes("/") || name.includes("kubernetes.io/");
const isOvercommitAllowed = (name: string) => isNative(name) && !isHuge(name);
const isExtended = (name: string) =>
  !isNative(name) && !name.startsWith("requests.") && isQualifiedName(`requests.${name}`).length === 0;

/** @param claims names of the pod's claims */
export function validateRequirements(field: string, needs: ResourceRequirements = {}, claims: ReadonlySet<string>): FieldError[] {
  const { limits = {}, requests = {} } = needs;
  const errors = sortedEntries(limits).flatMap(([name, value]) => validateAmount(`${field}.limits[${name}]`, name, value));
  for (const [name, value] of sortedEntries(requests)) {
    errors.push(...validateAmount(`${field}.requests[${name}]`, name, value));
    const limit = limits[name];
    const at = `${field}.requests`;
    if (limit === undefined) {
      if (!isOvercommitAllowed(name))
        errors.push(required(`${field}.limits`, "Limit must be set for non overcommitable resources"));
      continue;
    }
    const order = compareQuantities(value, limit);
    if (order !== 0 && !isOvercommitAllowed(name))
      errors.push(invalidValue(at, value, `must be equal to ${name} limit of ${limit}`));
    else if (order > 0) errors.push(invalidValue(at, value, `must be less than or equal to ${name} limit of ${limit}`));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHuge) && !names.includes("cpu") && !names.includes("memory"))
    errors.push(forbidden(field, "HugePages require cpu or memory"));
  return [...errors, ...validateClaimNames(`${field}.claims`, needs.claims, claims)];
}

function validateAmount(field: string, name: string, value: string): FieldError[] {
  return [...validateName(field, name), ...validateQuantity(field, name, value)];
}

function validateName(field: string, name: string): FieldError[] {
  const errors = says(field, name, isQualifiedName(name));
  if (!name.includes("/")) {
    if (COMPUTE.includes(name) || isHuge(name)) return errors;
    if (errors.length === 0 && name !== "storage" && name !== "pods")
      errors.push(invalidValue(field, name, "must be a standard resource type or fully qualified"));
    return [...errors, invalidValue(field, name, "must be a standard resource for containers")];
  }
  if (isNative(name) || isExtended(name)) return errors;
  return [...errors, invalidValue(field, name, "doesn't follow extended resource name standard")];
}

function validateQuantity(field: string, name: string, value: string): FieldError[] {
  const errors = compareQuantities(value, "0") < 0 ? [invalidValue(field, value, "must be greater than or equal to 0")] : [];
  if (isExtended(name) && quantityMilli(value) % 1000 !== 0) errors.push(invalidValue(field, value, "must be an integer"));
  return errors;
}

function validateClaimNames(
  field: string,
  claims: ResourceRequirements["claims"] = [],
  known: ReadonlySet<string>,
): FieldError[] {
  const seen = new Set<string>();
  return claims.flatMap(({ name, request }, i) => {
    const at = `${field}[${i}]`;
    const shown = request ? `${name}/${request}` : name;
    const errors = name ? [] : [required(`${at}.name`)];
    if (seen.has(shown) || (request && seen.has(name))) errors.push(duplicate(at, shown));
    seen.add(shown);
    if (!name || known.has(name)) return errors;
    const among = known.size === 0 ? " which is empty" : `: ${[...known].join(", ")}`;
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
  const unknown = (["limits", "requests"] as const).flatMap((side) =>
    Object.keys(needs[side] ?? {})
      .filter((name) => name !== "cpu" && name !== "memory" && !isHuge(name))
      .map((name) => notSupported(`${field}.${side}[${name}]`, name, POD_RESOURCES)),
  );
  const noClaims = needs.claims?.length ? [forbidden(`${field}.claims`, "claims may not be set for Resources at pod-level")] : [];
  if (unknown.length > 0) return [...noClaims, ...unknown];
  return [...noClaims, ...validateRequirements(field, needs, claims), ...validateConsistency(field, spec)];
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
  const huge = [...podAmounts(parts, "limits")].filter(([name]) => isHuge(name));
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
