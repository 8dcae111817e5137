/**
 * WATCH: past changes from the cache's history or the present objects first, then changes as they come.
 *
 * An object that starts to match the selector is ADDED, one that stops is DELETED. All watchers of one form share the encoded frame.
 */
import { expired, internalError, isApiError } from "../../../shared/apimachinery/errors.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import type { Change, ChangeType } from "../cache/resource-cache.ts";
import type { Result, WatchSink } from "../chain/types.ts";
import { prepared } from "./convert.ts";
import type { Operation } from "./operation.ts";
import { listOptions, type ListOptions } from "./list-options.ts";
import { atLeast, freshFor, parseRevision, plainError } from "./read.ts";
import { selectionOf, type Selection } from "./selection.ts";

const BOOKMARK_MS = 60_000;
/** Watches without a timeout end somewhere between this and twice as long. */
const MIN_TIMEOUT_S = 1800;

export function watch(op: Operation): Result | Promise<Result> {
  const options = listOptions(op.query, true);
  const selection = selectionOf(op);
  const { resourceVersion } = options;
  const revision = resourceVersion === "" ? 0 : parseRevision(resourceVersion);
  if (revision === undefined) throw plainError(`strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`);
  const start = (): Result => ({
    type: "watch",
    served: op.served,
    start: (sink) => run(op, selection, options, revision, inOrder(op, sink)),
  });
  const fresh =
    options.sendInitialEvents && revision
      ? atLeast(op.core, revision)
      : revision
        ? undefined
        : freshFor(op.core, resourceVersion);
  return fresh ? fresh.then(start) : start();
}

function run(op: Operation, selection: Selection, options: ListOptions, revision: number, sink: WatchSink): () => void {
  const { cache } = op.served.resource;
  const { clock } = op.core.platform;
  const fromPresent = options.sendInitialEvents ?? revision === 0;
  const bookmarks = options.allowWatchBookmarks;
  let sent = revision;
  let unlisten = () => {};
  const stop = () => {
    op.core.closed.removeEventListener("abort", finish);
    unlisten();
    timeout.cancel();
    ticker?.cancel();
  };
  const finish = () => {
    stop();
    sink.end();
  };
  const timeout = clock.after(timeoutMs(op, options), finish);
  op.core.closed.addEventListener("abort", finish);
  const ticker = bookmarks
    ? clock.every(BOOKMARK_MS, () => {
        sink.send(bookmark(op, Math.max(sent, op.core.hub.revision)));
      })
    : undefined;
  const pass = (change: Change) => {
    if (change.revision <= sent && change.revision <= revision) return;
    const type = verdict(change, selection);
    if (!type) return;
    sent = change.revision;
    const entry = type === "DELETED" && change.type !== "DELETED" ? change.prev!.at(change.revision) : change.entry;
    const shared = entry === change.entry ? change.frames : undefined;
    if (!sink.send({ type, entry, ...(shared && { frames: shared }) })) stop();
  };
  if (fromPresent) {
    for (const entry of cache.range(selection.from, selection.to))
      if (!selection.matches || selection.matches(entry)) sink.send({ type: "ADDED", entry });
    sent = op.core.hub.revision;
    if (bookmarks) sink.send(bookmark(op, sent, { "k8s.io/initial-events-end": "true" }));
  } else {
    const past = cache.since(revision);
    if (!past) {
      const error = expired(`too old resource version: ${revision} (${cache.oldestRevision + 1})`);
      sink.send({ type: "ERROR", object: error.status });
      stop();
      sink.end();
      return stop;
    }
    for (const change of past) pass(change);
  }
  unlisten = cache.listen(pass);
  return stop;
}

/** Events that a webhook has to convert first still leave in their order. */
function inOrder(op: Operation, sink: WatchSink): WatchSink {
  let tail: Promise<void> | undefined;
  const after = (wait: Promise<unknown> | undefined, act: () => void): void => {
    const mine: Promise<void> = Promise.all([tail, wait])
      .then(act, (error: unknown) => {
        const { status } = isApiError(error) ? error : internalError(String(error));
        sink.send({ type: "ERROR", object: status });
      })
      .then(() => void (tail === mine && (tail = undefined)));
    tail = mine;
  };
  return {
    send(event) {
      const wait = event.entry && prepared(event.entry, op.served);
      if (!wait && !tail) return sink.send(event);
      after(wait, () => void sink.send(event));
      return true;
    },
    end: () => (tail ? after(undefined, () => sink.end()) : sink.end()),
  };
}

/** How a change looks through the selector; undefined: not at all. */
function verdict(change: Change, selection: Selection): ChangeType | undefined {
  const { key } = change.entry;
  if (key < selection.from || key >= selection.to) return undefined;
  if (!selection.matches) return change.type;
  const matched = (entry: CachedObject | undefined) => entry !== undefined && selection.matches!(entry);
  if (change.type === "DELETED") return matched(change.prev) ? "DELETED" : undefined;
  const now = matched(change.entry);
  const before = matched(change.prev);
  if (now) return before ? "MODIFIED" : "ADDED";
  return before ? "DELETED" : undefined;
}

function bookmark(op: Operation, revision: number, annotations?: Record<string, string>) {
  const { kind } = op.served;
  return {
    type: "BOOKMARK" as const,
    object: {
      kind: kind.kind,
      apiVersion: kind.groupVersion,
      metadata: { resourceVersion: String(revision), ...(annotations && { annotations }) },
    },
  };
}

function timeoutMs(op: Operation, { timeoutSeconds }: ListOptions): number {
  if (timeoutSeconds > 0) return timeoutSeconds * 1000;
  return MIN_TIMEOUT_S * 1000 * (1 + op.core.platform.random.next());
}
