/** Writes a status where it differs, and only then: most reconciles find nothing to say. */
import type { Kind } from "../../../shared/api/index.ts";
import type { Draft, KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { Client } from "../../../shared/client/index.ts";

/**
 * `object` carries the resourceVersion that the status was computed from (a conflict is the caller's to retry). Where `observed` is given and is
 * not `object`, metadata differs too and the write happens anyway. Resolves with the stored object, or with `object` where nothing was written.
 */
export async function writeStatus<T extends KubeObject & { status?: unknown }>(
  kind: Kind<T>,
  object: T,
  status: T["status"],
  client: Client,
  observed: T = object,
): Promise<T> {
  if (observed === object && sameOnTheWire(object.status, status)) return object;
  return client.updateStatus(kind, { ...object, status } as Draft<T>);
}

/** Equal as far as the API is concerned: what is empty (0, "", false, [], {}) may as well be absent. */
export function sameOnTheWire(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameOnTheWire(item, b[i]));
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const name of names) if (!sameOnTheWire(a[name as keyof typeof a], b[name as keyof typeof b])) return false;
  return true;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === 0 || value === "" || value === false) return true;
  if (typeof value !== "object") return false;
  return Array.isArray(value) ? value.length === 0 : Object.values(value).every(isEmpty);
}
