/** LIST: from the watch cache at its revision, pages of the past from the store. */
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import type { ListMeta, Result } from "../chain/types.ts";
import type { Operation } from "./operation.ts";
import { freshFor } from "./read.ts";
import { selectionOf, type Selection } from "./selection.ts";

export function list(op: Operation): Result | Promise<Result> {
  const selection = selectionOf(op);
  const fresh = freshFor(op.core, op.query.get("resourceVersion") ?? "");
  return fresh ? fresh.then(() => firstPage(op, selection)) : firstPage(op, selection);
}

function firstPage(op: Operation, selection: Selection): Result {
  const limit = limitOf(op);
  const { cache } = op.served.resource;
  const entries: CachedObject[] = [];
  const meta: ListMeta = { resourceVersion: String(op.core.hub.revision) };
  for (const entry of cache.range(selection.from, selection.to)) {
    if (selection.matches && !selection.matches(entry)) continue;
    if (limit && entries.length === limit) {
      const last = entries.at(-1)!;
      meta.continue = Buffer.from(
        JSON.stringify({ v: "meta.k8s.io/v1", rv: op.core.hub.revision, start: `${last.key.slice(selection.from.length)}\0` }),
      ).toString("base64url");
      if (!selection.matches) meta.remainingItemCount = cache.count(entry.key, selection.to);
      break;
    }
    entries.push(entry);
  }
  return { type: "list", served: op.served, entries, meta };
}

function limitOf(op: Operation): number {
  const text = op.query.get("limit");
  if (!text) return 0;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Math.max(0, Number(text));
}
