/**
 * Printer columns of a definition as table columns and cells.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor v1.36
 */
import type { CustomResourceColumnDefinition } from "../../../shared/api/generated/apiextensions-v1.ts";
import type { ColumnFact, KindBehaviour } from "../../../shared/api/kind.ts";
import { humanDuration } from "../../../shared/apimachinery/duration.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { canonicalTime } from "../../../shared/apimachinery/time.ts";
import { parseTime } from "../../../shared/lib/platform.ts";
import { parseJsonPath, type JsonPath } from "./json-path.ts";

const AGE: CustomResourceColumnDefinition = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };

type Cell = string | number | boolean | null;

export function columnsOf(given: readonly CustomResourceColumnDefinition[] | undefined): {
  columns: ColumnFact[];
  cells: NonNullable<KindBehaviour<KubeObject>["cells"]>;
} {
  const name: ColumnFact = { name: "Name", type: "string", format: "name" };
  const shown: { column: ColumnFact; path: JsonPath }[] = [];
  for (const column of given?.length ? given : [AGE]) {
    const path = parsed(column.jsonPath);
    // Columns after one that cannot be read are not shown either.
    if (!path) break;
    shown.push({ column: { ...column, description: column.description || described(column.jsonPath) }, path });
  }
  return {
    columns: [name, ...shown.map(({ column }) => column)],
    cells: (object, { now }) => [object.metadata.name, ...shown.map(({ column, path }) => cell(column, path(object), now))],
  };
}

const described = (path: string) => `Custom resource definition column (in JSONPath format): ${path}`;

function parsed(text: string): JsonPath | undefined {
  try {
    return parseJsonPath(text);
  } catch {
    return undefined;
  }
}

function cell(column: ColumnFact, [value]: unknown[], now: number): Cell {
  if (value === undefined || (value === null && column.type !== "string")) return null;
  switch (column.type) {
    case "string":
      return typeof value === "object" ? (value === null ? "" : JSON.stringify(value, sorted)) : String(value);
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? age(value, now) : null;
    default:
      return null;
  }
}

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

function age(text: string, now: number): string {
  if (text === "" || text === "null") return "<unknown>";
  try {
    return humanDuration(now - parseTime(canonicalTime(text)));
  } catch {
    return "<invalid>";
  }
}
