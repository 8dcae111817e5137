/**
 * Names of resources and their quantities.
 *
 * @source pkg/apis/core/helper/helpers.go, pkg/apis/core/validation/validation.go v1.36
 */
import { invalidValue, type FieldError } from "../../../apimachinery/field-error.ts";
import { Quantity } from "../../../apimachinery/quantity.ts";
import { isQualifiedName } from "../../../apimachinery/validation.ts";

const COUNTED = [
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
];
const COMPUTE = ["cpu", "memory", "ephemeral-storage"];
const integers: ReadonlySet<string> = new Set(COUNTED);
const forQuotas: ReadonlySet<string> = new Set([
  ...COUNTED,
  ...COMPUTE,
  ...COMPUTE.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  "requests.storage",
]);
const HUGE_PAGES = "hugepages-";

export const isHugePageName = (name: string): boolean => name.startsWith(HUGE_PAGES);

const isQuotaHugePageName = (name: string) => isHugePageName(name) || name.startsWith(`requests.${HUGE_PAGES}`);

export const isStandardQuotaName = (name: string): boolean => forQuotas.has(name) || isQuotaHugePageName(name);

const isStandardName = (name: string): boolean => name === "storage" || isStandardQuotaName(name);

const isStandardContainerName = (name: string): boolean => COMPUTE.includes(name) || isHugePageName(name);

/** Kubernetes' own: no domain, or one of its. */
export const isNativeName = (name: string): boolean => !name.includes("/") || name.includes("kubernetes.io/");

export const isExtendedName = (name: string): boolean =>
  !isNativeName(name) && !name.startsWith("requests.") && isQualifiedName(`requests.${name}`).length === 0;

const isIntegerName = (name: string): boolean => integers.has(name) || isExtendedName(name);

export function validateResourceName(field: string, name: string): FieldError[] {
  const errors = isQualifiedName(name).map((text) => invalidValue(field, name, text));
  if (errors.length || name.includes("/") || isStandardName(name)) return errors;
  return [invalidValue(field, name, "must be a standard resource type or fully qualified")];
}

export function validateContainerResourceName(field: string, name: string): FieldError[] {
  const errors = validateResourceName(field, name);
  if (!name.includes("/")) {
    if (!isStandardContainerName(name)) errors.push(invalidValue(field, name, "must be a standard resource for containers"));
  } else if (!isNativeName(name) && !isExtendedName(name))
    errors.push(invalidValue(field, name, "doesn't follow extended resource name standard"));
  return errors;
}

export function validateQuotaResourceName(field: string, name: string): FieldError[] {
  const errors = validateResourceName(field, name);
  if (!name.includes("/") && !isStandardQuotaName(name))
    errors.push(invalidValue(field, name, "must be a standard resource for quota"));
  return errors;
}

const ZERO = Quantity.of(0);

export function validateNonnegativeQuantity(field: string, text: string): FieldError[] {
  const negative = Quantity.parse(text).cmp(ZERO) < 0;
  return negative ? [invalidValue(field, text, "must be greater than or equal to 0")] : [];
}

export function validateResourceQuantity(field: string, name: string, text: string): FieldError[] {
  const errors = validateNonnegativeQuantity(field, text);
  if (isIntegerName(name) && Quantity.parse(text).toMilli() % 1000 !== 0)
    errors.push(invalidValue(field, text, "must be an integer"));
  return errors;
}

/** In key order: upstream's order is random. */
export const sortedEntries = <T>(record: Readonly<Record<string, T>> | undefined): [string, T][] =>
  Object.entries(record ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
