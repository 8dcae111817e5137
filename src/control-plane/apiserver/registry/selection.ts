/** Which objects of a resource a list, watch or deletecollection is about. */
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import { matchesFields, parseFieldSelector, type FieldRequirement } from "../../../shared/apimachinery/field-selectors.ts";
import { parseSelector, SelectorError } from "../../../shared/apimachinery/selectors.ts";
import { prefixEnd } from "../../store/types.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import { objectOf, prepared } from "./convert.ts";
import type { Operation } from "./operation.ts";
import type { Served } from "./resources.ts";

export interface Selection {
  /** Key range in the store. */
  from: string;
  to: string;
  /** undefined: everything in the range. */
  matches: ((entry: CachedObject) => boolean) | undefined;
  /** There where a webhook may have to convert an entry before `matches` can look at it; undefined: nothing to wait for. */
  prepare?: ((entry: CachedObject) => Promise<unknown> | undefined) | undefined;
}

export function selectionOf(op: Operation): Selection {
  const { resource, kind } = op.served;
  const { prefix } = resource.cache;
  const from = op.info.namespace && kind.scope === "Namespaced" ? `${prefix}${op.info.namespace}/` : prefix;
  const labels = parsed(() => parseSelector(op.query.get("labelSelector") ?? ""));
  const fields = fieldsOf(op);
  const range = { from, to: prefixEnd(from) };
  if (labels.empty && !fields.length) return { ...range, matches: undefined };
  const ofVersion = resource.convertsByWebhook && fields.some(({ field }) => !isOfMetadata(field));
  return {
    ...range,
    prepare: ofVersion ? (entry) => prepared(entry, op.served) : undefined,
    matches: (entry) =>
      (labels.empty || labels.matches(entry.labels)) &&
      (!fields.length || matchesFields(fields, (path) => fieldOf(op.served, entry, path))),
  };
}

function fieldsOf(op: Operation): FieldRequirement[] {
  const text = op.query.get("fieldSelector");
  const fields = text ? parsed(() => parseFieldSelector(text)) : [];
  for (const { field } of fields) if (!isKnown(op.served, field)) throw unknownField(op.served, field);
  const { name } = op.info;
  if (!name) return fields;
  if (fields.some((f) => f.field === "metadata.name" && f.value !== name))
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  return [...fields, { field: "metadata.name", operator: "=", value: name }];
}

/** Kinds that convert their labels themselves say so in their own words. */
function unknownField({ kind }: Served, field: string) {
  const words = kind.unknownField?.(field);
  if (words) return badRequest(words);
  if (kind.schema.dynamic || kind.selectableFields) return badRequest(`field label not supported: ${field}`);
  return badRequest(`${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
}

const isOfMetadata = (field: string) => field === "metadata.name" || field === "metadata.namespace";

function isKnown(served: Served, field: string): boolean {
  const { scope, selectableFields } = served.kind;
  if (selectableFields?.[field] !== undefined || field === "metadata.name") return true;
  // Kinds with fields of their own know that they have no namespace.
  return field === "metadata.namespace" && !(scope === "Cluster" && (selectableFields || served.kind.schema.dynamic));
}

function fieldOf(served: Served, entry: CachedObject, path: string): string {
  if (path === "metadata.name") return entry.name;
  if (path === "metadata.namespace") return entry.namespace;
  if (entry.head === served.head && served.resource.storage === served) return entry.fields[path] ?? "";
  return served.kind.selectableFields?.[path]?.(objectOf(entry, served)) ?? "";
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}
