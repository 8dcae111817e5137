/**
 * Nodes: taints, pod ranges, amounts, and what stays as it was first set.
 *
 * @source pkg/apis/core/validation/validation.go (ValidateNode, ValidateNodeUpdate), pkg/registry/core/node/strategy.go v1.36
 */
import {
  duplicate,
  forbidden,
  invalidValue,
  notSupported,
  required,
  type FieldError,
} from "../../../apimachinery/field-error.ts";
import { parseCidrSloppy, validateLegacyCidr, warningsForCidr } from "../../../apimachinery/validation-ip.ts";
import { isLabelValue, validateLabelName } from "../../../apimachinery/validation.ts";
import type { Node, Taint } from "../../generated/core-v1.ts";
import { sortedEntries, validateResourceQuantity } from "./resources.ts";

export const EFFECTS: readonly string[] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const TAINTS = "metadata.taints";

export const validateNode = (node: Node): FieldError[] => [
  ...validateTaints(node.spec?.taints),
  ...validateAmounts(node),
  ...validateSwap(node),
  ...validateFeatures(node),
  ...validatePodRanges(node.spec?.podCIDRs),
];

function validateTaints(taints: readonly Taint[] = [], path = TAINTS): FieldError[] {
  return taints.flatMap((taint, i) => {
    const { key, value = "", effect } = taint;
    const at = `${path}[${i}]`;
    const errors = validateLabelName(`${at}.key`, key ?? "");
    const wrong = isLabelValue(value);
    if (wrong.length) errors.push(invalidValue(`${at}.value`, value, wrong.join(";")));
    if (!effect) errors.push(required(`${at}.effect`));
    else if (!EFFECTS.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, EFFECTS, "given"));
    if (taints.findIndex((t) => t.key === key && t.effect === effect) < i) errors.push(twice(at, taint));
    return errors;
  });
}

/** Upstream prints its own type. */
function twice(
  at: string,
  { key, value = "", effect, timeAdded = null }: Omit<Taint, "timeAdded"> & { timeAdded?: string | null },
) {
  const error = duplicate(at, { Key: key, Value: value, Effect: effect, TimeAdded: timeAdded });
  return { ...error, message: `${error.message}: taints must be unique by key and effect pair` };
}

function validateAmounts({ status }: Node): FieldError[] {
  return (["capacity", "allocatable"] as const).flatMap((list) =>
    sortedEntries(status?.[list]).flatMap(([name, quantity]) =>
      validateResourceQuantity(`status.${list}.${name}`, name, quantity),
    ),
  );
}

function validateSwap({ status }: Node): FieldError[] {
  const capacity = status?.nodeInfo?.swap?.capacity;
  if (capacity === undefined || capacity > 0) return [];
  return [invalidValue("metadata.nodeSwapStatus.capacity", capacity, "must be greater than 0")];
}

const FEATURE_TEXT =
  "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";

/** Names in order, each once. */
function validateFeatures({ status }: Node): FieldError[] {
  const features = status?.declaredFeatures ?? [];
  return features.flatMap((name, i) => {
    const path = `status.declaredFeatures[${i}]`;
    const errors: FieldError[] = [];
    const before = features[i - 1];
    if (before === name) errors.push(duplicate(path, name));
    else if (before !== undefined && before > name) errors.push(invalidValue(path, name, "list must be sorted alphabetically"));
    if (!/^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z0-9]+)*$/.test(name))
      errors.push(invalidValue(path, name, `invalid feature name ${JSON.stringify(name)}: ${FEATURE_TEXT}`));
    return errors;
  });
}

function validatePodRanges(ranges: readonly string[] = []): FieldError[] {
  const errors = ranges.flatMap((range, i) => validateLegacyCidr(`spec.podCIDRs[${i}]`, range));
  const families = ranges.map((range) => parseCidrSloppy(range)?.cidr.family);
  if (ranges.length > 1 && (ranges.length > 2 || families[0] === families[1]))
    errors.push(invalidValue("spec.podCIDRs", ranges, "may specify no more than one CIDR for each IP family"));
  return errors;
}

const once = (name: string) => `node updates may not change ${name} except from "" to valid`;

export function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const [spec, was] = [node.spec ?? {}, old.spec ?? {}];
  const errors = [...validateAmounts(node), ...repeatedAddresses(node)];
  const [now, before] = [spec.podCIDRs ?? [], was.podCIDRs ?? []];
  const changed = before.length && now.length !== before.length ? [0] : before.filter((range, i) => range !== now[i]);
  errors.push(...changed.map(() => forbidden("spec.podCIDRs", once("podCIDR"))));
  if (was.providerID && was.providerID !== spec.providerID) errors.push(forbidden("spec.providerID", once("providerID")));
  errors.push(...validateTaints(spec.taints));
  if ((spec.externalID ?? "") !== (was.externalID ?? "")) errors.push(forbidden("spec.externalID", "may not be updated"));
  return errors;
}

function repeatedAddresses({ status }: Node): FieldError[] {
  const addresses = status?.addresses ?? [];
  return addresses.flatMap(({ type, address }, i) => {
    const first = addresses.findIndex((a) => a.type === type && a.address === address);
    return first < i ? [duplicate(`status.addresses[${i}]`, { Type: type, Address: address })] : [];
  });
}

export function nodeWarnings({ spec = {} }: Node): string[] {
  const warnings = spec.configSource ? ["spec.configSource: the feature is removed"] : [];
  if (spec.externalID) warnings.push("spec.externalID: this field is deprecated, and is unused by Kubernetes");
  (spec.podCIDRs ?? []).forEach((range, i) => warnings.push(...warningsForCidr(`spec.podCIDRs[${i}]`, range)));
  return warnings;
}
