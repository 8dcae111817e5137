/**
 * Built-in types as run-time schemas, resolved from the fact table when first asked for. The table is text with one definition a line;
 * a line is parsed when its definition is needed, since most programs need few of them and all of them cost milliseconds at a start.
 *
 * Inline fields are flattened here, so that nothing past this point knows Go's embedding; where protobuf nests what JSON
 * flattens, `protoPath` says under which message.
 */
import { createHash } from "node:crypto";
import { invariant } from "../lib/invariant.ts";
import { schemaTable } from "./generated/schema-table.ts";
import type { Field, ListSchema, ScalarName, ScalarSchema, Schema, StructSchema } from "../apimachinery/schema.ts";

interface FieldRow {
  name?: string;
  inline?: boolean;
  type: string;
  required?: boolean;
  ptr?: boolean;
  emitZero?: boolean;
  num?: number;
  protoName?: string;
  listType?: "atomic" | "set" | "map";
  listKeys?: string[];
  mapType?: "granular" | "atomic";
  patchStrategy?: string[];
  patchMergeKey?: string;
  default?: unknown;
  enum?: string;
  consts?: string;
}

interface DefinitionRow {
  proto?: string;
  scalar?: string;
  custom?: string;
  wrapper?: string;
  num?: number;
  structType?: "atomic" | "granular";
  unions?: StructSchema["unions"];
  fields?: FieldRow[];
}

/** Where each name's JSON begins and ends in the table. */
let places: Map<string, [start: number, end: number]> | undefined;

function placeOf(name: string): [number, number] | undefined {
  if (!places) {
    places = new Map();
    for (let start = 0; start < schemaTable.length;) {
      const newline = schemaTable.indexOf("\n", start);
      const end = newline < 0 ? schemaTable.length : newline;
      const space = schemaTable.indexOf(" ", start);
      places.set(schemaTable.slice(start, space), [space + 1, end]);
      start = end + 1;
    }
  }
  return places.get(name);
}

const parsed = new Map<string, unknown>();

function lookup<T>(name: string): T | undefined {
  if (parsed.has(name)) return parsed.get(name) as T;
  const place = placeOf(name);
  const value = place && (JSON.parse(schemaTable.slice(place[0], place[1])) as T);
  parsed.set(name, value);
  return value;
}

const definitionRow = (name: string) => lookup<DefinitionRow>(name);

const JSON_SCHEMA_PROPS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

const structs = new Map<string, StructSchema>();

/** Tells one table from another: what is derived from built-in schemas alone may be cached for as long as this is the same. */
export function schemaFingerprint(): string {
  return createHash("sha256").update(schemaTable).digest("hex");
}

/** Whether the table has this definition. */
export function hasDefinition(definition: string): boolean {
  return placeOf(definition) !== undefined;
}

/** The struct of an OpenAPI model name, e.g. `io.k8s.api.core.v1.Pod`. Throws where the table has none. */
export function structSchema(definition: string): StructSchema {
  const known = structs.get(definition);
  if (known) return known;
  const row = definitionRow(definition);
  invariant(row?.fields && !row.scalar && !row.custom && !row.wrapper, `${definition} is no struct of the schema table`);
  let fields: Map<string, Field> | undefined;
  const schema: StructSchema = {
    type: "struct",
    name: definition,
    structType: row.structType ?? "granular",
    get fields() {
      return (fields ??= resolveFields(row));
    },
    ...(row.unions && { unions: row.unions }),
    ...(row.proto && { proto: row.proto }),
  };
  structs.set(definition, schema);
  return schema;
}

function resolveFields(row: DefinitionRow): Map<string, Field> {
  const fields = new Map<string, Field>();
  for (const f of row.fields ?? []) {
    if (!f.inline) {
      const field = resolveField(f);
      fields.set(field.name, field);
      continue;
    }
    const inner = definitionRow(f.type);
    invariant(inner, `inline type ${f.type} is missing`);
    for (const [name, field] of resolveFields(inner)) {
      const embeddedIn = f.type.slice(f.type.lastIndexOf(".") + 1) + (field.embeddedIn ? `.${field.embeddedIn}` : "");
      fields.set(
        name,
        f.num === undefined
          ? { ...field, embeddedIn, ...envelopeOnly(f.type) }
          : { ...field, embeddedIn, protoPath: [f.num, ...(field.protoPath ?? [])] },
      );
    }
  }
  return fields;
}

/** `TypeMeta` has no number of its own inside an object: it travels in the protobuf envelope. */
function envelopeOnly(type: string): Partial<Field> {
  return type.endsWith(".TypeMeta") ? { num: undefined } : {};
}

function resolveField(f: FieldRow): Field {
  invariant(f.name !== undefined, "a field without a name");
  return {
    name: f.name,
    schema: resolveType(f.type, f),
    required: f.required ?? false,
    ptr: f.ptr ?? false,
    emitZero: f.emitZero ?? false,
    ...(f.num !== undefined && { num: f.num }),
    ...(f.protoName && { protoName: f.protoName }),
    patchStrategy: f.patchStrategy ?? [],
    ...(f.patchMergeKey && { patchMergeKey: f.patchMergeKey }),
    ...(f.default !== undefined && { default: f.default }),
  };
}

/** Resolves `list<map<string>>`, a scalar or a definition name; `use` carries what the field says of its type. */
function resolveType(type: string, use: Partial<FieldRow> = {}): Schema {
  const generic = /^(list|map)<(.*)>$/.exec(type);
  // The values a list or a map may hold are declared at the field.
  const element = {
    ...(use.name && { name: use.name }),
    ...(use.enum && { enum: use.enum }),
    ...(use.consts && { consts: use.consts }),
  };
  if (generic?.[1] === "list") return listSchema(resolveType(generic[2]!, element), use);
  if (generic)
    return {
      type: "map",
      values: resolveType(generic[2]!, element),
      mapType: use.mapType ?? "granular",
      declared: use.mapType !== undefined,
    };
  const row = definitionRow(type);
  if (!row) return scalarSchema(type as ScalarName, use);
  if (row.wrapper) return { ...(resolveType(row.wrapper, use) as ListSchema), wrapper: { num: row.num ?? 1 } };
  if (row.scalar ?? row.custom) return scalarSchema((row.scalar ?? type.slice(type.lastIndexOf(".") + 1)) as ScalarName, use);
  const struct = structSchema(type);
  return use.mapType && use.mapType !== struct.structType ? withStructType(struct, use.mapType) : struct;
}

function listSchema(items: Schema, use: Partial<FieldRow>): ListSchema {
  return {
    type: "list",
    items,
    listType: use.listType ?? "atomic",
    declared: use.listType !== undefined,
    listKeys: use.listKeys ?? [],
  };
}

/** Fields of a named string type without known values. */
const NAMED_TEXTS: Readonly<Record<string, string>> = {
  uid: "types.UID",
  succeeded: "types.UID",
  failed: "types.UID",
  add: "v1.Capability",
  drop: "v1.Capability",
  volumesInUse: "v1.UniqueVolumeName",
};

function scalarSchema(scalar: ScalarName, use: Partial<FieldRow>): ScalarSchema {
  const values = use.enum && lookup<string[]>(`enum:${use.enum}`);
  const consts = use.consts && lookup<string[]>(`const:${use.consts}`);
  const named = use.enum ?? use.consts ?? NAMED_TEXTS[use.name ?? ""];
  return {
    type: "scalar",
    scalar,
    ...(values && { enum: values }),
    ...(consts && { consts }),
    ...(named && scalar === "string" && { goType: named.split(".").slice(-2).join(".") }),
    ...(scalar.startsWith("JSONSchemaProps") && { props: () => structSchema(JSON_SCHEMA_PROPS) }),
  };
}

/** The same struct, used atomically (or granularly) in one place. */
function withStructType(struct: StructSchema, structType: "granular" | "atomic"): StructSchema {
  return Object.create(struct, { structType: { value: structType, enumerable: true } }) as StructSchema;
}
