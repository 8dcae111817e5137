/**
 * LIST: the present from the watch cache, pages and exact revisions of the past from the store.
 *
 * @source staging/src/k8s.io/apiserver/pkg/storage/etcd3/{store,errors}.go v1.36
 */
import { badRequest, expired } from "../../../shared/apimachinery/errors.ts";
import { CompactedError, FutureRevisionError } from "../../store/types.ts";
import { CachedObject } from "../cache/cached-object.ts";
import type { ListMeta, Result } from "../chain/types.ts";
import { encodedAhead } from "../negotiation/list.ts";
import { decodeContinue, encodeContinue } from "./continue-token.ts";
import { prepared } from "./convert.ts";
import { listOptions, type ListOptions } from "./list-options.ts";
import type { Operation } from "./operation.ts";
import { atLeast, notARevision, parseRevision, tooLarge } from "./read.ts";
import { selectionOf, type Selection } from "./selection.ts";

export interface Page {
  entries: readonly CachedObject[];
  meta: ListMeta;
}

export function list(op: Operation): Result | Promise<Result> {
  const page = pageOf(op);
  const listed = ({ entries, meta }: Page): Result | Promise<Result> => {
    const result: Result = { type: "list", served: op.served, entries, meta };
    const waits = entries.flatMap((e) => prepared(e, op.served) ?? []);
    if (waits.length) return Promise.all(waits).then(() => result);
    return encodedAhead(op.served, entries, op.format)?.then(() => result) ?? result;
  };
  return page instanceof Promise ? page.then(listed) : listed(page);
}

interface Wanted {
  selection: Selection;
  limit: number;
  /** First key. */
  from: string;
}

export function pageOf(op: Operation): Page | Promise<Page> {
  const options = listOptions(op.query, false);
  const selection = selectionOf(op);
  const limit = options.resourceVersion === "0" ? 0 : options.limit;
  if (options.continue) return continued(op, options, selection, limit);
  const wanted = { selection, limit, from: selection.from };
  const revision = revisionOf(options.resourceVersion);
  const exact = options.match === "Exact" || (!options.match && revision > 0 && options.limit > 0);
  if (exact) return pageAt(op, wanted, revision, "The resourceVersion for the provided list is too old.");
  const fresh = options.resourceVersion === "" ? op.core.hub.current() : revision ? atLeast(op.core, revision) : undefined;
  return fresh ? fresh.then(() => present(op, wanted)) : present(op, wanted);
}

function revisionOf(text: string): number {
  if (text === "") return 0;
  const revision = parseRevision(text);
  if (revision === undefined) throw badRequest(`invalid resource version: ${notARevision(text)}`);
  return revision;
}

function continued(op: Operation, options: ListOptions, selection: Selection, limit: number): Page | Promise<Page> {
  const token = decodeContinue(options.continue);
  if (options.resourceVersion !== "" && options.resourceVersion !== "0")
    throw badRequest("specifying resource version is not allowed when using continue");
  const wanted = { selection, limit, from: selection.from + token.start };
  return token.revision < 0 ? present(op, wanted) : pageAt(op, wanted, token.revision, TOO_OLD, true);
}

/** The cache as it is now, also where a webhook has to convert its objects before they can be selected. */
function present(op: Operation, wanted: Wanted): Page | Promise<Page> {
  const { selection, from } = wanted;
  const { revision } = op.core.hub;
  const range = op.served.resource.cache.range(from, selection.to);
  if (!selection.prepare) return presentPage(op, wanted, range, revision);
  const entries = [...range];
  const waits = entries.flatMap((entry) => selection.prepare!(entry) ?? []);
  return Promise.all(waits).then(() => presentPage(op, wanted, entries, revision));
}

function presentPage(op: Operation, { selection, limit }: Wanted, range: Iterable<CachedObject>, revision: number): Page {
  const { cache } = op.served.resource;
  const entries: CachedObject[] = [];
  const meta: ListMeta = { resourceVersion: String(revision) };
  for (const entry of range) {
    if (selection.matches && !selection.matches(entry)) continue;
    if (limit && entries.length === limit) {
      meta.continue = nextPage(selection, entries, revision);
      if (!selection.matches) meta.remainingItemCount = cache.count(entry.key, selection.to);
      break;
    }
    entries.push(entry);
  }
  return { entries, meta };
}

function nextPage(selection: Selection, entries: readonly CachedObject[], revision: number): string {
  return encodeContinue({ revision, start: `${entries.at(-1)!.key.slice(selection.from.length)}\0` });
}

const TOO_OLD =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/** The state at a revision; 410 where it is gone, with a token for the present where a list was to go on. */
async function pageAt(op: Operation, wanted: Wanted, revision: number, tooOld: string, goOn = false): Promise<Page> {
  if (revision === op.core.hub.revision && !op.core.hub.current()) return present(op, wanted);
  try {
    return await stored(op, wanted, revision);
  } catch (error) {
    if (error instanceof FutureRevisionError) throw tooLarge(revision, error.currentRevision);
    if (!(error instanceof CompactedError)) throw error;
    const gone = expired(tooOld);
    if (goOn)
      gone.status.metadata.continue = encodeContinue({ revision: -1, start: wanted.from.slice(wanted.selection.from.length) });
    throw gone;
  }
}

async function stored(op: Operation, { selection, limit, from }: Wanted, revision: number): Promise<Page> {
  const { cache } = op.served.resource;
  const entries: CachedObject[] = [];
  const meta: ListMeta = { resourceVersion: String(revision) };
  for (let next = from; ;) {
    const range = await op.core.store.range(next, selection.to, { revision, limit });
    let taken = 0;
    for (const kv of range.kvs) {
      if (limit && entries.length === limit) break;
      taken++;
      const entry = cache.entryOf(kv.key, kv.value, kv.modRevision);
      await selection.prepare?.(entry);
      if (!selection.matches || selection.matches(entry)) entries.push(entry);
    }
    const left = range.count - taken;
    if (left > 0 && limit && entries.length === limit) {
      meta.continue = nextPage(selection, entries, revision);
      if (!selection.matches) meta.remainingItemCount = left;
    }
    if (!range.more || !range.kvs.length || (limit && entries.length === limit)) return { entries, meta };
    next = `${range.kvs.at(-1)!.key}\0`;
  }
}
