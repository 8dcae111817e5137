/**
 * Objects as rows: what `kubectl get` asks for.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go v1.36
 */
import type { ColumnFact, Kind } from "../../../shared/api/kind.ts";
import { withNulls } from "../../../shared/apimachinery/encode.ts";
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { humanDuration } from "../../../shared/apimachinery/duration.ts";
import { parseTime } from "../../../shared/lib/platform.ts";

export type IncludeObject = "Metadata" | "Object" | "None";

export interface TableOptions {
  version: string;
  include: IncludeObject;
  /** Columns are told in the first of several tables only. */
  headers: boolean;
  now: number;
}

export interface Table {
  kind: "Table";
  apiVersion: string;
  metadata: object;
  columnDefinitions: object[] | null;
  rows: object[] | null;
}

export function tableOf(kind: Kind<any>, objects: readonly KubeObject[], metadata: object, options: TableOptions): Table {
  const rows = objects.map((object) => rowOf(kind, object, options));
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata,
    columnDefinitions: options.headers ? columnsOf(kind).map(definition) : null,
    rows: rows.length || !isStandard(kind) ? rows : null,
  };
}

export function rowOf(kind: Kind<any>, object: KubeObject, options: TableOptions): object {
  return { cells: cellsOf(kind, object, options.now), object: included(kind, object, options) };
}

export function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") ?? "";
  if (value === "") return "Metadata";
  if (value === "Metadata" || value === "Object" || value === "None") return value;
  const text = `includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw badRequest(`Unable to convert to Table as requested: ${text}`);
}

export function partialOf(object: KubeObject, version: string): object {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

const standard: readonly ColumnFact[] = [
  { name: "Name", type: "string", format: "name" },
  { name: "Created At", type: "date" },
];

/** Of the columns of kinds that have none of their own. */
const isStandard = (kind: Kind<any>) => columnsOf(kind)[1]?.name === standard[1]!.name;

const columnsOf = (kind: Kind<any>) => (kind.columns.length ? kind.columns : standard);

function definition(column: ColumnFact): object {
  const { name, type, format = "", description = "", priority = 0 } = column;
  return { name, type, format, description, priority };
}

function included(kind: Kind<any>, object: KubeObject, options: TableOptions): unknown {
  if (options.include === "None") return null;
  if (options.include === "Object") return withNulls(kind.schema, object);
  return partialOf(object, options.version);
}

function cellsOf(kind: Kind<any>, object: KubeObject, now: number): unknown[] {
  const cells = kind.cells?.(object, { now });
  return cells ?? columnsOf(kind).map(({ name }) => plainCell(name, object, now));
}

/** Cells that every kind has, for kinds that make none of their own. */
function plainCell(column: string, object: KubeObject, now: number): unknown {
  if (column === "Name") return object.metadata.name;
  if (column === "Created At") return object.metadata.creationTimestamp;
  if (column === "Age") return ageOf(object, now);
  return "";
}

function ageOf(object: KubeObject, now: number): string {
  const created = object.metadata.creationTimestamp;
  return created ? humanDuration(now - parseTime(created)) : "<unknown>";
}
