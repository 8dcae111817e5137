/** Which objects of a resource a list, watch or deletecollection is about. */
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import { prefixEnd } from "../../store/types.ts";
import type { Operation } from "./operation.ts";
import { parseFieldSelector, parseLabelSelector, type Requirement } from "./selectors.ts";

export interface Selection {
  /** Key range in the store. */
  from: string;
  to: string;
  /** undefined: everything in the range. */
  matches: ((entry: CachedObject) => boolean) | undefined;
}

export function selectionOf(op: Operation): Selection {
  const { resource, kind } = op.served;
  const { prefix } = resource.cache;
  const from = op.info.namespace && kind.scope === "Namespaced" ? `${prefix}${op.info.namespace}/` : prefix;
  const label = op.query.get("labelSelector");
  const field = op.query.get("fieldSelector");
  const labels = label ? parseLabelSelector(label) : [];
  const fields = field ? parseFieldSelector(field, op.served) : [];
  if (op.info.name) fields.push(nameIs(op.info.name, fields));
  const matches =
    labels.length || fields.length
      ? (entry: CachedObject) =>
          labels.every((r) => r.matches(entry.labels[r.key])) && fields.every((r) => r.matches(fieldOf(entry, r.key)))
      : undefined;
  return { from, to: prefixEnd(from), matches };
}

function nameIs(name: string, fields: readonly Requirement[]): Requirement {
  if (fields.some((f) => f.key === "metadata.name" && !f.matches(name)))
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  return { key: "metadata.name", matches: (value) => value === name };
}

function fieldOf(entry: CachedObject, path: string): string {
  if (path === "metadata.name") return entry.name;
  if (path === "metadata.namespace") return entry.namespace;
  return entry.fields[path] ?? "";
}
