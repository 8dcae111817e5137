/**
 * Fields that an apply would take from other managers.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go v1.36
 */
import { apiError, type ApiError } from "../errors.ts";
import { forEachPath, intersection, printPath } from "./fields.ts";
import type { Manager, Managers } from "./managers.ts";
import type { ChangesByVersion } from "./ownership.ts";

export interface Conflict {
  key: string;
  manager: Manager;
  path: readonly string[];
}

/** Ordered by manager. Managers of versions that are not served have none. */
export function conflictsWith(managers: Managers, self: string, changes: ChangesByVersion): Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [key, manager] of [...managers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (key === self) continue;
    const fields = intersection(manager.fields, changes(manager.apiVersion)?.changed);
    forEachPath(fields, (path) => conflicts.push({ key, manager, path }));
  }
  return conflicts;
}

export function conflictError(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${printManager(manager)}`,
    field: printPath(path),
  }));
  return apiError(409, "Conflict", messageOf(conflicts), { causes });
}

function messageOf(conflicts: readonly Conflict[]): string {
  if (conflicts.length === 1) {
    const { manager, path } = conflicts[0]!;
    return `Apply failed with 1 conflict: conflict with ${printManager(manager)}: ${printPath(path)}`;
  }
  const lines: string[] = [];
  let last = "";
  for (const { key, manager, path } of conflicts) {
    if (key !== last) lines.push(`conflicts with ${printManager(manager)}:`);
    lines.push(`- ${printPath(path)}`);
    last = key;
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

function printManager({ name, subresource, operation, apiVersion }: Manager): string {
  const through = subresource ? ` with subresource ${JSON.stringify(subresource)}` : "";
  return JSON.stringify(name) + through + (operation === "Update" ? ` using ${apiVersion}` : "");
}
