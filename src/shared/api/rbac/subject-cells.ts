/** Who is bound, as table cells: users, groups, service accounts. */
import type { Subject } from "../generated/rbac-v1.ts";

export function subjectCells(subjects: readonly Subject[] = []): string[] {
  const names = (kind: string) => subjects.filter((s) => s.kind === kind).map((s) => s.name);
  const accounts = subjects.filter((s) => s.kind === "ServiceAccount");
  const account = ({ namespace, name }: Subject) => (namespace ? `${namespace}/${name}` : name);
  return [names("User").join(", "), names("Group").join(", "), accounts.map(account).join(", ")];
}
