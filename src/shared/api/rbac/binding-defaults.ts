/** Both kinds of binding speak of roles, users and groups of one API group unless they say otherwise. */
import { invalidValue, type FieldError } from "../../apimachinery/field-error.ts";
import type { RoleRef, Subject } from "../generated/rbac-v1.ts";

const GROUP = "rbac.authorization.k8s.io";

export function setBindingDefaults({ roleRef, subjects = [] }: { roleRef: RoleRef; subjects?: Subject[] }): void {
  roleRef.apiGroup ||= GROUP;
  for (const subject of subjects) if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= GROUP;
}

/** A binding binds one role for good. The text shows Go's own names of the fields. */
export function validateRoleRefUpdate(
  { roleRef: now }: { roleRef: RoleRef },
  { roleRef: old }: { roleRef: RoleRef },
): FieldError[] {
  if (now.apiGroup === old.apiGroup && now.kind === old.kind && now.name === old.name) return [];
  const shown = { APIGroup: now.apiGroup, Kind: now.kind, Name: now.name };
  return [invalidValue("roleRef", shown, "cannot change roleRef")];
}
