/**
 * The run-time shape of a type: what decoding, pruning, patching, apply, protobuf and OpenAPI loop over.
 *
 * Built-in kinds get theirs from the generated table (`shared/api`), a CustomResourceDefinition from its OpenAPI schema;
 * nothing past this point knows which of the two it is looking at.
 */

export type ScalarName =
  | "string"
  | "boolean"
  | "int32"
  | "int64"
  | "double"
  | "bytes"
  | "any"
  | "Quantity"
  | "IntOrString"
  | "Time"
  | "MicroTime"
  | "Duration"
  | "RawExtension"
  | "FieldsV1"
  | "JSON"
  | "JSONSchemaPropsOrArray"
  | "JSONSchemaPropsOrBool"
  | "JSONSchemaPropsOrStringArray";

export interface ScalarSchema {
  type: "scalar";
  scalar: ScalarName;
  /** Closed set of values (validated), or the known values of an open string type (not validated). */
  enum?: readonly string[];
  consts?: readonly string[];
  /** Go's name of a named string type, for error texts. */
  goType?: string;
  /** JSONSchemaPropsOr…: the struct that stands there as one of the shapes. */
  props?: () => StructSchema;
}

export interface ListSchema {
  type: "list";
  items: Schema;
  /** Ownership and merging under server-side apply. Absent in the source means atomic. */
  listType: "atomic" | "set" | "map";
  /** The source declares the list type. */
  declared?: boolean;
  listKeys: readonly string[];
  /** A bare list in JSON that protobuf wraps in a message, in this field number; absent and empty differ there. */
  wrapper?: { num: number };
}

export interface MapSchema {
  type: "map";
  values: Schema;
  mapType: "granular" | "atomic";
  /** The source declares the map type. */
  declared?: boolean;
}

export interface StructSchema {
  type: "struct";
  /** OpenAPI model name, e.g. `io.k8s.api.core.v1.Pod`; for a custom resource its published name. */
  name: string;
  structType: "granular" | "atomic";
  /** In Go source order, which is the order of JSON output. Inline fields are already flattened. */
  fields: ReadonlyMap<string, Field>;
  /** Of a custom resource: values are kept as given, fields that are not declared are pruned. */
  dynamic?: boolean;
  /** A resource of its own inside a custom resource: its apiVersion and kind are texts. */
  embedded?: boolean;
  /** Unknown fields are kept (custom resources only). */
  preserveUnknown?: boolean;
  /** `additionalProperties` beside fields (custom resources only). */
  extra?: Schema;
  unions?: readonly { discriminator?: string; members: Readonly<Record<string, string>> }[];
  /** Full protobuf message name; absent: no protobuf form. */
  proto?: string;
}

export type Schema = ScalarSchema | ListSchema | MapSchema | StructSchema;

export interface Field {
  name: string;
  schema: Schema;
  required: boolean;
  /** Pointer in Go: absent and zero differ. */
  ptr: boolean;
  /** JSON output has the field even when it is zero. */
  emitZero: boolean;
  /** Protobuf field number and name. */
  num?: number;
  protoName?: string;
  /**
   * The path of protobuf message numbers this flattened field is nested under, where Go inlines a struct that protobuf nests
   * (for example Probe.handler: 1).
   */
  protoPath?: readonly number[];
  /** Go embeds the field through structs of these names, `ProbeHandler`; its error texts have them in the path. */
  embeddedIn?: string;
  patchStrategy: readonly string[];
  patchMergeKey?: string;
  /** Declared default, as a JSON value. */
  default?: unknown;
}
