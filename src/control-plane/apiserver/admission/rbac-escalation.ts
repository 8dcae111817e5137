/**
 * Roles and bindings can only be written by those who hold the rights they give, or who hold `escalate` on the role or `bind` on the
 * role that is bound.
 *
 * Upstream checks this between admission and validation, in the storage of these kinds; the end of the mutating phase is the same place.
 *
 * @source pkg/registry/rbac/{escalation_check.go,role/policybased,rolebinding/policybased} v1.36
 */
import { deepEqual } from "../../../shared/apimachinery/patch/index.ts";
import type { PolicyRule, RoleRef } from "../../../shared/api/generated/rbac-v1.ts";
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "../../../shared/api/index.ts";
import { forbiddenError, notFound } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { missingRights, rulesFor, SUPERUSER_GROUP, type RbacIndex } from "../authz/index.ts";
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from "../types.ts";
import { concerns } from "./refuse.ts";

const GROUP = "rbac.authorization.k8s.io";
const EVERYTHING: PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

export function rbacEscalation(authorizer: Authorizer, index: () => RbacIndex): AdmissionPlugin {
  return {
    name: "RBACEscalation",
    handles: (a) =>
      (a.operation === "CREATE" || a.operation === "UPDATE") &&
      !a.user.groups.includes(SUPERUSER_GROUP) &&
      [Role, ClusterRole, RoleBinding, ClusterRoleBinding].some((kind) => concerns(a, kind)),
    async admit(attributes) {
      if (isOnlyForCollector(attributes)) return;
      if (concerns(attributes, Role) || concerns(attributes, ClusterRole)) await checkRole(attributes);
      else await checkBinding(attributes);
    },
  };

  async function checkRole(attributes: AdmissionAttributes): Promise<void> {
    const { kind, name, object, oldObject } = attributes;
    if (await holds(attributes, "escalate", kind.plural, name)) return;
    const role = object as ClusterRole;
    const fault = escalationFault(attributes, role.rules ?? []);
    if (fault) throw refuse(attributes, fault);
    const { aggregationRule } = role;
    if (!aggregationRule?.clusterRoleSelectors?.length) return;
    if (deepEqual(aggregationRule, (oldObject as ClusterRole | undefined)?.aggregationRule)) return;
    const aggregation = escalationFault(attributes, EVERYTHING);
    if (aggregation) throw refuse(attributes, `must have cluster-admin privileges to use an aggregationRule: ${aggregation}`);
  }

  async function checkBinding(attributes: AdmissionAttributes): Promise<void> {
    const { roleRef } = attributes.object as RoleBinding;
    if (await holds(attributes, "bind", roleRef.kind === "Role" ? "roles" : "clusterroles", roleRef.name)) return;
    const fault = escalationFault(attributes, rulesOf(roleRef, attributes));
    if (fault) throw refuse(attributes, fault);
  }

  function rulesOf(ref: RoleRef, { kind, namespace }: AdmissionAttributes): PolicyRule[] {
    const rules = index().rulesOf(ref, namespace);
    // Upstream names the binding's resource and the role's name.
    if (rules instanceof Error) throw notFound({ group: GROUP, resource: kind.plural }, ref.name);
    return rules.map((r) => r.rule);
  }

  function escalationFault({ user, namespace }: AdmissionAttributes, asked: readonly PolicyRule[]): string | undefined {
    const own = rulesFor(index(), user, namespace);
    const missing = missingRights(own.rules, asked);
    if (!missing.length) return undefined;
    const groups = user.groups.map((g) => JSON.stringify(g)).join(" ");
    const who = `user ${JSON.stringify(user.name)} (groups=[${groups}])`;
    const unresolved = own.errors.length ? `; resolution errors: [${own.errors.map((e) => e.message).join(" ")}]` : "";
    return `${who} is attempting to grant RBAC permissions not currently held:\n${missing.join("\n")}${unresolved}`;
  }

  async function holds({ user, namespace }: AdmissionAttributes, verb: string, resource: string, name: string): Promise<boolean> {
    const asked = {
      user,
      verb,
      resource,
      name,
      namespace,
      group: GROUP,
      version: "*",
      subresource: "",
      path: "",
      resourceRequest: true,
    };
    return (await authorizer.authorize(asked)).decision === "allow";
  }
}

function refuse({ kind, object }: AdmissionAttributes, cause: string): Error {
  return forbiddenError({ group: kind.group, resource: kind.plural }, object?.metadata.name ?? "", cause);
}

/** Owners and finalizers may change freely: the garbage collector has to be able to do its work. */
function isOnlyForCollector({ object, oldObject }: AdmissionAttributes): boolean {
  return oldObject !== undefined && object !== undefined && deepEqual(rest(object), rest(oldObject));
}

function rest({ metadata, ...parts }: KubeObject): object {
  const { ownerReferences: _, finalizers: __, managedFields: ___, resourceVersion: ____, ...kept } = metadata;
  return { ...parts, metadata: kept };
}
