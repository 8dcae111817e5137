/**
 * One RBAC rule, compiled: what is asked millions of times is set membership, not list walks.
 *
 * @source pkg/apis/rbac/v1/evaluation_helpers.go v1.36
 */
import type { PolicyRule } from "../../../shared/api/generated/rbac-v1.ts";
import type { AccessAttributes } from "../types.ts";

export interface CompiledRule {
  readonly rule: PolicyRule;
  allows(attributes: AccessAttributes): boolean;
}

/** What may match: everything, or these. */
type Allowed = ReadonlySet<string> | "all";

const allowed = (values: readonly string[] | undefined): Allowed => (values?.includes("*") ? "all" : new Set(values));
const has = (set: Allowed, value: string) => set === "all" || set.has(value);

export function compileRule(rule: PolicyRule): CompiledRule {
  const verbs = allowed(rule.verbs);
  const groups = allowed(rule.apiGroups);
  const resources = allowed(rule.resources);
  const names: Allowed = rule.resourceNames?.length ? new Set(rule.resourceNames) : "all";
  const paths = rule.nonResourceURLs ?? [];
  return {
    rule,
    allows(a) {
      if (!has(verbs, a.verb)) return false;
      if (!a.resourceRequest) return paths.some((pattern) => pathMatches(pattern, a.path));
      return has(groups, a.group) && resourceMatches(resources, a) && has(names, a.name);
    },
  };
}

// `pods`, `pods/log`, `*`, and `*/log` for that subresource of everything; `pods/*` is no pattern.
function resourceMatches(resources: Allowed, { resource, subresource }: AccessAttributes): boolean {
  if (subresource === "") return has(resources, resource);
  return resources === "all" || resources.has(`${resource}/${subresource}`) || resources.has(`*/${subresource}`);
}

/** A trailing `*` matches every continuation. */
export function pathMatches(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.replace(/\*+$/, "")));
}
