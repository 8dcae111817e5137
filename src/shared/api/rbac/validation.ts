/**
 * What rules, role references and subjects must hold.
 *
 * @source pkg/apis/rbac/validation/validation.go v1.36
 */
import { invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { isDNS1123Subdomain, isPathSegmentName, validateLabelSelector } from "../../apimachinery/validation.ts";
import type { AggregationRule, PolicyRule, RoleRef, Subject } from "../generated/rbac-v1.ts";

const GROUP = "rbac.authorization.k8s.io";

export function validateRules(rules: readonly PolicyRule[] | undefined, scope: "Namespaced" | "Cluster"): FieldError[] {
  return (rules ?? []).flatMap((rule, i) => validateRule(rule, scope, `rules[${i}]`));
}

function validateRule(rule: PolicyRule, scope: "Namespaced" | "Cluster", at: string): FieldError[] {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
  const errors: FieldError[] = verbs?.length ? [] : [required(`${at}.verbs`, "verbs must contain at least one value")];
  if (nonResourceURLs?.length) {
    const wrong = (detail: string) => errors.push(invalidValue(`${at}.nonResourceURLs`, nonResourceURLs, detail));
    if (scope === "Namespaced") wrong("namespaced rules cannot apply to non-resource URLs");
    if (apiGroups?.length || resources?.length || resourceNames?.length)
      wrong("rules cannot apply to both regular resources and non-resource URLs");
    return errors;
  }
  if (!apiGroups?.length) errors.push(required(`${at}.apiGroups`, "resource rules must supply at least one api group"));
  if (!resources?.length) errors.push(required(`${at}.resources`, "resource rules must supply at least one resource"));
  return errors;
}

export function validateAggregation(rule: AggregationRule | undefined): FieldError[] {
  if (!rule) return [];
  const at = "aggregationRule.clusterRoleSelectors";
  const selectors = rule.clusterRoleSelectors ?? [];
  if (!selectors.length) return [required(at, "at least one clusterRoleSelector required if aggregationRule is non-nil")];
  return selectors.flatMap((selector, i) => validateLabelSelector(`${at}[${i}]`, selector));
}

export function validateBinding(
  { roleRef, subjects }: { roleRef: RoleRef; subjects?: Subject[] },
  scope: "Namespaced" | "Cluster",
): FieldError[] {
  const errors: FieldError[] = [];
  const kinds = scope === "Namespaced" ? ["Role", "ClusterRole"] : ["ClusterRole"];
  const { apiGroup = "", kind = "", name = "" } = roleRef;
  if (apiGroup !== GROUP) errors.push(notSupported("roleRef.apiGroup", apiGroup, [GROUP]));
  if (!kinds.includes(kind)) errors.push(notSupported("roleRef.kind", kind, kinds, "given"));
  if (name) errors.push(...isPathSegmentName(name).map((fault) => invalidValue("roleRef.name", name, fault)));
  else errors.push(required("roleRef.name"));
  return [...errors, ...(subjects ?? []).flatMap((subject, i) => validateSubject(subject, scope, `subjects[${i}]`))];
}

function validateSubject(
  { kind = "", name = "", apiGroup = "", namespace }: Subject,
  scope: "Namespaced" | "Cluster",
  at: string,
): FieldError[] {
  const errors: FieldError[] = name ? [] : [required(`${at}.name`)];
  switch (kind) {
    case "ServiceAccount":
      if (name) errors.push(...isDNS1123Subdomain(name).map((fault) => invalidValue(`${at}.name`, name, fault)));
      if (apiGroup) errors.push(notSupported(`${at}.apiGroup`, apiGroup, [""]));
      if (scope === "Cluster" && !namespace) errors.push(required(`${at}.namespace`));
      break;
    case "User":
    case "Group":
      if (apiGroup !== GROUP) errors.push(notSupported(`${at}.apiGroup`, apiGroup, [GROUP]));
      break;
    default:
      errors.push(notSupported(`${at}.kind`, kind, ["ServiceAccount", "User", "Group"], "given"));
  }
  return errors;
}
