/**
 * Role based access control: nothing is allowed that no rule of a bound role allows, and nothing is ever denied for others to allow.
 *
 * @source plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go v1.36
 */
import type { ClusterRoleBinding, PolicyRule, RoleBinding } from "../../../shared/api/generated/rbac-v1.ts";
import type { AccessDecision, Authorizer, UserInfo } from "../types.ts";
import { subjectFor, type RbacIndex } from "./rbac-index.ts";

type Binding = RoleBinding | ClusterRoleBinding;

export interface RuleSet {
  rules: PolicyRule[];
  /** Bindings whose role is missing. */
  errors: Error[];
}

export function rbacAuthorizer(index: RbacIndex): Authorizer {
  return {
    authorize(attributes): AccessDecision {
      const errors: Error[] = [];
      for (const grant of index.grantsOf(attributes.user, attributes.namespace)) {
        const { binding, rules } = grant;
        if (rules instanceof Error) errors.push(rules);
        else if (rules.some((rule) => rule.allows(attributes))) return (grant.allowed ??= allowedBy(binding, attributes.user));
      }
      return { decision: "no-opinion", reason: errors.length ? `RBAC: ${aggregate(errors)}` : "" };
    },
  };
}

/** Everything this user may do: in the whole cluster and, where one is given, in the namespace. */
export function rulesFor(index: RbacIndex, user: UserInfo, namespace: string): RuleSet {
  const result: RuleSet = { rules: [], errors: [] };
  for (const { rules } of index.grantsOf(user, namespace)) {
    if (rules instanceof Error) result.errors.push(rules);
    else result.rules.push(...rules.map((r) => r.rule));
  }
  return result;
}

/** `RBAC: allowed by RoleBinding "b/ns" of Role "r" to User "u"`: the odd order of names is upstream's. */
function allowedBy(binding: Binding, user: UserInfo): AccessDecision {
  const { name, namespace } = binding.metadata;
  const q = JSON.stringify;
  const what = namespace ? `RoleBinding ${q(`${name}/${namespace}`)}` : `ClusterRoleBinding ${q(name)}`;
  const subject = subjectFor(user, binding);
  const whom =
    subject?.kind === "ServiceAccount" ? `${subject.name}/${subject.namespace || (namespace ?? "")}` : (subject?.name ?? "");
  const { kind, name: role } = binding.roleRef;
  return { decision: "allow", reason: `RBAC: allowed by ${what} of ${kind} ${q(role)} to ${subject?.kind} ${q(whom)}` };
}

/** Several errors as Go's aggregate prints them: `[a, b]`, repeated texts once. */
export function aggregate(errors: readonly Error[]): string {
  const texts = [...new Set(errors.map((e) => e.message))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
}
