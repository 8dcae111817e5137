/**
 * Where pods may run, beside whom, and how spread out.
 *
 * @source pkg/apis/core/validation/validation.go (validateAffinity, ValidateTolerations, validateTopologySpreadConstraints) v1.36
 */
import {
  duplicate,
  forbidden,
  invalidValue,
  notSupported,
  required,
  type FieldError,
} from "../../../apimachinery/field-error.ts";
import {
  isDNS1123Label,
  isLabelValue,
  isQualifiedName,
  validateLabelName,
  validateLabelSelector,
} from "../../../apimachinery/validation.ts";
import type {
  Affinity,
  NodeAffinity,
  PodAffinity,
  PodAffinityTerm,
  PodSchedulingGate,
  Toleration,
  TopologySpreadConstraint,
} from "../../generated/core-v1.ts";
import { oneOf, positive, says } from "./common.ts";
import { validateNodeSelector, validateNodeSelectorTerm } from "./node-selector.ts";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

export function validateAffinity(field: string, affinity: Affinity | undefined): FieldError[] {
  if (!affinity) return [];
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  return [
    ...(nodeAffinity ? validateNodeAffinity(`${field}.nodeAffinity`, nodeAffinity) : []),
    ...(podAffinity ? validatePodAffinity(`${field}.podAffinity`, podAffinity) : []),
    ...(podAntiAffinity ? validatePodAffinity(`${field}.podAntiAffinity`, podAntiAffinity) : []),
  ];
}

function validateWeight(field: string, weight: number): FieldError[] {
  return weight > 0 && weight <= 100 ? [] : [invalidValue(`${field}.weight`, weight, "must be in the range 1-100")];
}

function validateNodeAffinity(field: string, affinity: NodeAffinity): FieldError[] {
  const wanted = affinity[REQUIRED];
  return [
    ...(wanted ? validateNodeSelector(`${field}.${REQUIRED}`, wanted) : []),
    ...(affinity[PREFERRED] ?? []).flatMap(({ weight, preference }, i) => {
      const one = `${field}.${PREFERRED}[${i}]`;
      return [
        ...validateWeight(one, weight),
        ...validateNodeSelectorTerm(`${one}.preference`, preference, { checkValues: false }),
      ];
    }),
  ];
}

function validatePodAffinity(field: string, affinity: PodAffinity): FieldError[] {
  return [
    ...(affinity[REQUIRED] ?? []).flatMap((term, i) => validatePodTerm(`${field}.${REQUIRED}[${i}]`, term)),
    ...(affinity[PREFERRED] ?? []).flatMap(({ weight, podAffinityTerm }, i) => {
      const one = `${field}.${PREFERRED}[${i}]`;
      return [...validateWeight(one, weight), ...validatePodTerm(`${one}.podAffinityTerm`, podAffinityTerm)];
    }),
  ];
}

function validatePodTerm(field: string, term: PodAffinityTerm): FieldError[] {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey } = term;
  const at = `${field}.topologyKey`;
  return [
    ...validateLabelSelector(`${field}.labelSelector`, labelSelector),
    ...validateLabelSelector(`${field}.namespaceSelector`, namespaceSelector),
    ...namespaces.flatMap((name) => says(`${field}.namespace`, name, isDNS1123Label(name))),
    ...validateLabelKeys(field, term),
    ...(topologyKey ? [] : [required(at, "can not be empty")]),
    ...validateLabelName(at, topologyKey),
  ];
}

type LabelKeys = Pick<PodAffinityTerm, "matchLabelKeys" | "mismatchLabelKeys" | "labelSelector">;

/** Keys whose values a pod takes from its own labels. The selector has them once they are merged into it. */
function validateLabelKeys(
  field: string,
  { matchLabelKeys: match = [], mismatchLabelKeys: mismatch = [], labelSelector }: LabelKeys,
): FieldError[] {
  const list = (member: string, keys: readonly string[]) => {
    if (keys.length === 0) return [];
    if (!labelSelector) return [forbidden(`${field}.${member}`, "must not be specified when labelSelector is not set")];
    return keys.flatMap((key, i) => validateLabelName(`${field}.${member}[${i}]`, key));
  };
  const both = match.flatMap((key, i) =>
    mismatch.includes(key)
      ? [invalidValue(`${field}.matchLabelKeys[${i}]`, key, "exists in both matchLabelKeys and mismatchLabelKeys")]
      : [],
  );
  return [...list("matchLabelKeys", match), ...list("mismatchLabelKeys", mismatch), ...both];
}

const ACTIONS = ["DoNotSchedule", "ScheduleAnyway"];
const NODE_POLICIES = ["Honor", "Ignore"];

export function validateSpread(field: string, constraints: readonly TopologySpreadConstraint[] = []): FieldError[] {
  return constraints.flatMap((constraint, i) => {
    const { maxSkew, topologyKey, whenUnsatisfiable: action, minDomains, nodeAffinityPolicy, nodeTaintsPolicy } = constraint;
    const at = `${field}[${i}]`;
    const errors = positive(`${at}.maxSkew`, maxSkew);
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, "can not be empty"));
    errors.push(...oneOf(`${at}.whenUnsatisfiable`, action, ACTIONS));
    if (constraints.slice(i + 1).some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === action))
      errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${action}}`));
    if (minDomains !== undefined) {
      errors.push(...positive(`${at}.minDomains`, minDomains));
      const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
      if (action !== "DoNotSchedule") errors.push(invalidValue(`${at}.minDomains`, minDomains, text));
    }
    if (nodeAffinityPolicy !== undefined) errors.push(...oneOf(`${at}.nodeAffinityPolicy`, nodeAffinityPolicy, NODE_POLICIES));
    if (nodeTaintsPolicy !== undefined) errors.push(...oneOf(`${at}.nodeTaintsPolicy`, nodeTaintsPolicy, NODE_POLICIES));
    return [
      ...errors,
      ...validateLabelKeys(at, constraint),
      ...validateLabelSelector(`${at}.labelSelector`, constraint.labelSelector),
    ];
  });
}

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateTolerations(field: string, tolerations: readonly Toleration[] = []): FieldError[] {
  return tolerations.flatMap(({ key, operator = "", value = "", effect = "", tolerationSeconds }, i) => {
    const at = `${field}[${i}]`;
    const errors = key ? validateLabelName(`${at}.key`, key) : [];
    const wrong = (member: string, shown: string, text: string) => errors.push(invalidValue(`${at}.${member}`, shown, text));
    if (!key && operator !== "Exists")
      wrong("operator", operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"');
    if (tolerationSeconds !== undefined && effect !== "NoExecute")
      wrong("effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    errors.push(...validateTolerationValue(`${at}.operator`, operator, value));
    if (effect) errors.push(...oneOf(`${at}.effect`, effect, EFFECTS, "given"));
    return errors;
  });
}

function validateTolerationValue(field: string, operator: string, value: string): FieldError[] {
  if (operator === "Exists") return value ? [invalidValue(field, value, "value must be empty when `operator` is 'Exists'")] : [];
  if (operator === "Lt" || operator === "Gt") return [notSupported(field, operator, ["Equal", "Exists", "Lt", "Gt"], "given")];
  if (operator !== "" && operator !== "Equal") return [notSupported(field, operator, ["Equal", "Exists"])];
  const texts = isLabelValue(value);
  return texts.length > 0 ? [invalidValue(field, value, texts.join(";"))] : [];
}

export function validateSchedulingGates(field: string, gates: readonly PodSchedulingGate[] = []): FieldError[] {
  const seen = new Set<string>();
  return gates.flatMap(({ name }, i) => {
    const errors = says(`${field}[${i}]`, name, isQualifiedName(name));
    if (seen.has(name)) errors.push(duplicate(`${field}[${i}]`, name));
    seen.add(name);
    return errors;
  });
}
