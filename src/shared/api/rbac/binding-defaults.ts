/** Both kinds of binding speak of roles, users and groups of one API group unless they say otherwise. */
import type { RoleRef, Subject } from "../generated/rbac-v1.ts";

const GROUP = "rbac.authorization.k8s.io";

export function setBindingDefaults({ roleRef, subjects = [] }: { roleRef: RoleRef; subjects?: Subject[] }): void {
  roleRef.apiGroup ||= GROUP;
  for (const subject of subjects) if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= GROUP;
}
