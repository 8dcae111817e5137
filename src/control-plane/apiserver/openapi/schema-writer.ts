/**
 * Run-time schemas as OpenAPI schemas, in the dialect of version 2 or 3, collecting what they refer to.
 *
 * @source k8s.io/kube-openapi/pkg/builder and builder3 at the version v1.36 vendors (facts of the format)
 */
import { structSchema } from "../../../shared/api/index.ts";
import type { Field, ScalarSchema, Schema, StructSchema } from "../../../shared/apimachinery/schema.ts";
import type { Descriptions } from "./descriptions.ts";
import { LIST_META, SCALAR_DEFINITIONS } from "./names.ts";

export type Dialect = 2 | 3;
export type Json = Record<string, unknown>;

/** A custom resource's schema as its definition publishes it; absent: it is made from the run-time schema. */
export type PublishedSchema = (definition: string, dialect: Dialect) => Json | undefined;

export class SchemaWriter {
  readonly dialect: Dialect;
  private readonly descriptions: Descriptions;
  private readonly published: PublishedSchema;
  private readonly pending: (() => void)[] = [];
  private readonly written = new Map<string, Json>();

  constructor(dialect: Dialect, descriptions: Descriptions, published: PublishedSchema) {
    this.dialect = dialect;
    this.descriptions = descriptions;
    this.published = published;
  }

  /** A reference to a definition, which is written too. `schema` where the definition is not of the built-in table. */
  ref(definition: string, schema?: StructSchema): Json {
    if (!this.written.has(definition)) {
      this.written.set(definition, {});
      this.pending.push(() => this.written.set(definition, this.define(definition, schema)));
    }
    return { $ref: `${this.dialect === 2 ? "#/definitions/" : "#/components/schemas/"}${definition}` };
  }

  /** The list of a custom resource, whose definition is in no table. */
  listRef(definition: string, item: string, itemSchema: StructSchema): Json {
    if (!this.written.has(definition)) {
      this.written.set(definition, {});
      this.pending.push(() => this.written.set(definition, this.list(item, itemSchema)));
    }
    return { $ref: `${this.dialect === 2 ? "#/definitions/" : "#/components/schemas/"}${definition}` };
  }

  /** Adds something made elsewhere. */
  add(definition: string, schema: Json): Json {
    this.written.set(definition, schema);
    return { $ref: `${this.dialect === 2 ? "#/definitions/" : "#/components/schemas/"}${definition}` };
  }

  /** All definitions written and those they refer to, by name. */
  finish(annotate: (definition: string, schema: Json) => void): Json {
    for (let next = this.pending.pop(); next; next = this.pending.pop()) next();
    const out: Json = {};
    for (const name of [...this.written.keys()].sort()) {
      const schema = this.written.get(name)!;
      annotate(name, schema);
      out[name] = schema;
    }
    return out;
  }

  private define(definition: string, schema: StructSchema | undefined): Json {
    const published = this.published(definition, this.dialect);
    if (published) return this.followed(published);
    const description = this.descriptions.of(definition);
    const special = SPECIAL[definition]?.(this.dialect);
    if (special) return { ...(description && { description }), ...special };
    const struct = schema ?? structSchema(definition);
    return struct.dynamic ? this.dynamic(struct) : this.struct(struct, description);
  }

  /** A published schema may refer to built-in definitions (its metadata), which are then needed, too. */
  private followed(schema: Json): Json {
    const follow = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      const { $ref } = value as { $ref?: unknown };
      if (typeof $ref === "string") this.ref($ref.slice($ref.lastIndexOf("/") + 1));
      Object.values(value).forEach(follow);
    };
    follow(schema);
    return { ...schema };
  }

  private struct(schema: StructSchema, description: string | undefined): Json {
    const required = [...schema.fields.values()].filter((f) => f.required).map((f) => f.name);
    const properties: Json = {};
    for (const name of [...schema.fields.keys()].sort()) properties[name] = this.property(schema.name, schema.fields.get(name)!);
    return {
      ...(description && { description }),
      type: "object",
      ...(required.length && { required }),
      ...(schema.fields.size && { properties }),
      ...(schema.structType === "atomic" && { "x-kubernetes-map-type": "atomic" }),
      ...(schema.unions && { "x-kubernetes-unions": schema.unions.map(union) }),
    };
  }

  private property(owner: string, field: Field): Json {
    const description = this.descriptions.of(owner, field.name);
    const extensions = { ...this.useExtensions(field.schema), ...patchExtensions(field) };
    const fallback = this.dialect === 3 ? defaultOf(field) : undefined;
    const extra = { ...(fallback !== undefined && { default: fallback }), ...extensions };
    const value = this.value(field.schema);
    const own = { ...(description && { description }), ...extra };
    if (!("$ref" in value)) return { ...(description && { description }), ...value, ...extra };
    if (this.dialect === 2) return { ...own, ...value };
    return Object.keys(own).length ? { ...own, allOf: [value] } : value;
  }

  private useExtensions(schema: Schema): Json {
    if (schema.type === "list" && schema.declared) {
      return {
        ...(schema.listKeys.length && { "x-kubernetes-list-map-keys": schema.listKeys }),
        "x-kubernetes-list-type": schema.listType,
      };
    }
    if (schema.type === "map" && schema.declared) return { "x-kubernetes-map-type": schema.mapType };
    const override = schema.type === "struct" && !schema.dynamic && schema.structType !== structSchema(schema.name).structType;
    return override ? { "x-kubernetes-map-type": schema.structType } : {};
  }

  /** A schema where it is used: a reference, or inline. */
  private value(schema: Schema): Json {
    if (schema.type === "struct") return schema.dynamic ? this.dynamic(schema) : this.ref(schema.name);
    if (schema.type === "list") return { type: "array", items: this.value(schema.items) };
    if (schema.type === "map") return { type: "object", additionalProperties: this.value(schema.values) };
    const definition = SCALAR_DEFINITIONS[schema.scalar];
    if (definition) return this.ref(definition);
    return { ...SCALARS[schema.scalar], ...(schema.enum && { enum: [...schema.enum].sort() }) };
  }

  private list(item: string, itemSchema: StructSchema): Json {
    return {
      type: "object",
      required: ["items"],
      properties: {
        apiVersion: { type: "string" },
        items: { type: "array", items: this.ref(item, itemSchema) },
        kind: { type: "string" },
        metadata: this.dialect === 2 ? this.ref(LIST_META) : { allOf: [this.ref(LIST_META)] },
      },
    };
  }

  /** A custom resource without a published schema, or a part of one. */
  private dynamic(schema: StructSchema): Json {
    const properties: Json = {};
    const required: string[] = [];
    for (const field of schema.fields.values()) {
      properties[field.name] = this.property(schema.name, field);
      if (field.required) required.push(field.name);
    }
    return {
      type: "object",
      ...(required.length && { required }),
      ...(schema.fields.size && { properties }),
      ...(schema.extra && { additionalProperties: this.value(schema.extra) }),
      ...(schema.preserveUnknown && { "x-kubernetes-preserve-unknown-fields": true }),
    };
  }
}

const SCALARS: Record<string, Json> = {
  string: { type: "string" },
  boolean: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
  bytes: { type: "string", format: "byte" },
  any: {},
};

const ZEROS: Partial<Record<ScalarSchema["scalar"], unknown>> = { string: "", boolean: false, int32: 0, int64: 0, double: 0 };

const SPECIAL: Record<string, (dialect: Dialect) => Json> = {
  [SCALAR_DEFINITIONS.Quantity!]: (d) => (d === 2 ? { type: "string" } : { oneOf: [{ type: "string" }, { type: "number" }] }),
  [SCALAR_DEFINITIONS.IntOrString!]: (d) =>
    d === 2
      ? { type: "string", format: "int-or-string" }
      : { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
  [SCALAR_DEFINITIONS.Time!]: () => ({ type: "string", format: "date-time" }),
  [SCALAR_DEFINITIONS.MicroTime!]: () => ({ type: "string", format: "date-time" }),
  [SCALAR_DEFINITIONS.Duration!]: () => ({ type: "string" }),
  [SCALAR_DEFINITIONS.RawExtension!]: () => ({ type: "object" }),
  [SCALAR_DEFINITIONS.FieldsV1!]: () => ({ type: "object" }),
  [SCALAR_DEFINITIONS.JSON!]: () => ({}),
  [SCALAR_DEFINITIONS.JSONSchemaPropsOrArray!]: () => ({}),
  [SCALAR_DEFINITIONS.JSONSchemaPropsOrBool!]: () => ({}),
  [SCALAR_DEFINITIONS.JSONSchemaPropsOrStringArray!]: () => ({}),
  "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": () => ({ type: "object" }),
};

/** The declared default; else for what is no pointer `{}` for a struct, and the zero value for an always emitted plain scalar. */
function defaultOf(field: Field): unknown {
  if (field.default !== undefined) return field.default;
  if (field.ptr) return undefined;
  if (field.schema.type === "struct") return field.schema.dynamic ? undefined : {};
  return field.schema.type === "scalar" && field.emitZero ? ZEROS[field.schema.scalar] : undefined;
}

function patchExtensions(field: Field): Json {
  return {
    ...(field.patchMergeKey && { "x-kubernetes-patch-merge-key": field.patchMergeKey }),
    ...(field.patchStrategy.length && { "x-kubernetes-patch-strategy": field.patchStrategy.join(",") }),
  };
}

function union(u: { discriminator?: string; members: Readonly<Record<string, string>> }): Json {
  return { ...(u.discriminator && { discriminator: u.discriminator }), "fields-to-discriminateBy": u.members };
}
