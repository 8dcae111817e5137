/**
 * A kind is a value in a table, and the generic server loops over the table.
 *
 * Facts (names, verbs, subresources, schema) are generated; the hand-written file of a kind adds what a schema cannot say:
 * cross-field defaults and validation, what create and update reset, table cells, selectable fields. A custom resource
 * becomes the same `Kind` at run time.
 */
import type { FieldError } from "../apimachinery/field-error.ts";
import type { KubeObject } from "../apimachinery/meta.ts";
import type { StructSchema } from "../apimachinery/schema.ts";

export interface ColumnFact {
  name: string;
  type: string;
  format?: string;
  description?: string;
  priority?: number;
}

export interface SubresourceFacts {
  name: string;
  group: string;
  version: string;
  kind: string;
  verbs: readonly string[];
  /** A stream or a proxy. */
  connect?: boolean;
  /** Takes a trailing path. */
  path?: boolean;
}

export interface KindFacts {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  listKind?: string;
  scope: "Namespaced" | "Cluster";
  shortNames: readonly string[];
  categories: readonly string[];
  verbs: readonly string[];
  /** OpenAPI model name. */
  definition: string;
  subresources: readonly SubresourceFacts[];
  columns: readonly ColumnFact[];
}

/** What the write path knows besides the object: who asks and through which door. */
export interface WriteContext {
  /** Subresource that is being written, "" for the object itself. */
  subresource: string;
  /** The version the client speaks, e.g. `events.k8s.io/v1`; for kinds that several groups share. */
  groupVersion?: string;
  dryRun: boolean;
  /** Milliseconds since the epoch. */
  now: number;
  /** Tells the client something about what is made of the object before it is judged. */
  warn?(text: string): void;
  user?: { name: string; uid?: string; groups: readonly string[]; extra?: Readonly<Record<string, readonly string[]>> };
}

export interface ReadContext {
  now: number;
}

/** Table cell values in the order of the kind's columns; objects may be given as received (unknown parts missing). */
export type Cells<T> = (object: T, context: ReadContext) => (string | number | boolean | null)[];

/** Where `/scale` finds its parts, dotted paths; a workload's own fields where absent. */
export interface ScalePaths {
  specReplicas: string;
  statusReplicas: string;
  /** Holds a selector as text (custom resources only). */
  labelSelector?: string;
}

/** What an object was made of: nulls that were applied are not dropped, they are told of. */
export type Origin = "read" | "applied";

/** All functions may assume that structural decoding and schema defaults have been applied; all are optional. */
export interface KindBehaviour<T extends KubeObject> {
  /** How `metadata.name` must look; default `subdomain` (DNS-1123). */
  name?: "subdomain" | "label" | "label-1035" | "path-segment" | ((name: string, prefix: boolean) => string[]);
  /** Top-level spec-like fields that may never change, dotted paths. */
  immutable?: readonly string[];
  /** The kind itself is being removed: no object of it may be created any more. */
  closing?: boolean;
  /** Fields besides metadata.name and metadata.namespace that `fieldSelector` may name. */
  selectableFields?: Readonly<Record<string, (object: T) => string>>;
  /** The words that refuse another field, where they are not the usual ones. */
  unknownField?(field: string): string;
  cells?: Cells<T>;
  /** Defaults that depend on other fields; called on decode of requests and of stored objects, before admission. */
  setDefaults?(object: T, origin?: Origin): void;
  /** Resets what a client may not set (status), sets what it cannot (generation is handled by the generic path). */
  prepareForCreate?(object: T, context: WriteContext): void;
  prepareForUpdate?(object: T, old: T, context: WriteContext): void;
  /** `old` on update: for a kind whose errors about changes come before the others, or whose rules spare what was there before. */
  validate?(object: T, context: WriteContext, old?: T): FieldError[];
  /** Called besides `validate`. */
  validateUpdate?(object: T, old: T, context: WriteContext): FieldError[];
  warnings?(object: T, old: T | undefined, context: WriteContext): string[];
  /** Told with every answer: `v1 Endpoints is deprecated in v1.33+; use …`. */
  deprecation?: string;
  /** A new object brings its status with it (a Node, which its kubelet registers); else it comes without. */
  statusOnCreate?: boolean;
  /** Of a custom resource: its schema as its definition publishes it in OpenAPI documents of this version. */
  openApiSchema?(dialect: 2 | 3): Record<string, unknown>;
  /** Objects vanish this long after their last write. */
  ttlSeconds?: number;
  /** PUT of an absent object creates it. */
  createOnUpdate?: boolean;
  /** PUT without resourceVersion is refused. */
  requireResourceVersion?: boolean;
  /** Validation of an update includes that of a creation: faults of metadata are told once more. */
  revalidatesMetadata?: boolean;
  /** Its own validation leaves metadata alone: only what holds for every kind is asked of it, once all else is right. */
  plainMetadata?(context: WriteContext): boolean;
  /** `metadata.generation` is kept: bumped whenever something other than metadata and status changes (or annotations). */
  generation?: boolean | "annotations";
  /** A DELETE answers the object that went, not a Status. */
  returnDeletedObject?: boolean;
  /** Something besides `metadata.finalizers` keeps a deleted object from vanishing. */
  isHeld?(object: T): boolean;
  /** Deletion in two steps: the first DELETE only marks the object and changes this, whatever its finalizers. */
  prepareForDelete?(object: T): void;
  /** What a DELETE without a policy does; default background. */
  deletePropagation?: "orphan" | "background" | "unsupported";
  /** Graceful deletion: seconds to wait for the node, 0 deletes at once. Absent: not graceful. */
  gracePeriodSeconds?(object: T, requested: number | undefined): number;
  /** Fields (dotted) written only through `/status`; default `["status"]` where the kind has that subresource. */
  statusFields?: readonly string[];
  /** Paths that `/status` writes although appliers never own them through it. */
  writtenThroughStatus?: readonly string[];
  scale?: ScalePaths;
  /** By subresource that writes a part of the object only: puts everything else back to what `old` has. Metadata is kept anyway. */
  doors?: Readonly<Record<string, (object: T, old: T) => void>>;
  validateStatusUpdate?(object: T, old: T, context: WriteContext): FieldError[];
  prepareForStatusUpdate?(object: T, old: T, context: WriteContext): void;
}

export interface Kind<T extends KubeObject = KubeObject> extends KindFacts, KindBehaviour<T> {
  /** `apps/v1`, `v1`. */
  readonly groupVersion: string;
  /** Resolved on first use. */
  readonly schema: StructSchema;
  /** Only for types. */
  readonly _type?: T;
}

/** Looks a schema up by definition name; installed by `schemas.ts` so that kinds carry no import of the table. */
export type SchemaSource = (definition: string) => StructSchema;

let schemaSource: SchemaSource = (definition) => {
  throw new Error(`no schema source installed, asked for ${definition}`);
};

export function installSchemaSource(source: SchemaSource): void {
  schemaSource = source;
}

/** Makes a kind of its generated facts and its behaviour. A custom resource passes its own `schema`. */
export function defineKind<T extends KubeObject>(definition: KindFacts & KindBehaviour<T> & { schema?: StructSchema }): Kind<T> {
  let schema = definition.schema;
  return {
    ...definition,
    groupVersion: definition.group ? `${definition.group}/${definition.version}` : definition.version,
    get schema() {
      return (schema ??= schemaSource(definition.definition));
    },
  };
}
