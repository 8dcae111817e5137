/**
 * WATCH: past changes from the cache's history or the present objects first, then changes as they come.
 *
 * An object that starts to match the selector is ADDED, one that stops is DELETED. All watchers of one form share the encoded frame.
 */
import { expired, internalError, isApiError } from "../../../shared/apimachinery/errors.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import type { Change, ChangeType } from "../cache/resource-cache.ts";
import type { OutgoingEvent, Result, WatchSink } from "../chain/types.ts";
import { prepared } from "./convert.ts";
import type { Operation } from "./operation.ts";
import { listOptions, type ListOptions } from "./list-options.ts";
import { atLeast, freshFor, notARevision, parseRevision, plainError } from "./read.ts";
import { selectionOf, type Selection } from "./selection.ts";

const BOOKMARK_MS = 60_000;
/** Watches without a timeout end somewhere between this and twice as long. */
const MIN_TIMEOUT_S = 1800;

export function watch(op: Operation): Result | Promise<Result> {
  const options = listOptions(op.query, true);
  const selection = selectionOf(op);
  const { resourceVersion } = options;
  const revision = resourceVersion === "" ? 0 : parseRevision(resourceVersion);
  if (revision === undefined) throw plainError(notARevision(resourceVersion));
  const start = (): Result => ({
    type: "watch",
    served: op.served,
    start: (sink) => run(op, selection, options, revision, sink),
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
  const { hub } = op.core;
  const fromPresent = options.sendInitialEvents ?? revision === 0;
  const bookmarks = options.allowWatchBookmarks;
  let unlisten = () => {};
  const stop = () => {
    op.core.closed.removeEventListener("abort", finish);
    unlisten();
    timeout.cancel();
    ticker?.cancel();
  };
  const inTurn = turns((error) => {
    const { status } = isApiError(error) ? error : internalError(String(error));
    sink.send({ type: "ERROR", object: status });
    stop();
    sink.end();
  });
  const finish = () => {
    stop();
    inTurn(undefined, () => sink.end());
  };
  const tell = (event: OutgoingEvent) => {
    const send = () => {
      if (!sink.send(event)) stop();
    };
    const wait = event.entry && prepared(event.entry, op.served);
    return wait ? wait.then(send) : send();
  };
  const timeout = clock.after(timeoutMs(op, options), finish);
  op.core.closed.addEventListener("abort", finish);
  const mark = (annotations?: Record<string, string>) => {
    const object = bookmark(op, hub.revision, annotations);
    inTurn(undefined, () => tell(object));
  };
  const ticker = bookmarks ? clock.every(BOOKMARK_MS, () => mark()) : undefined;
  const pass = (change: Change) => {
    if (change.revision <= revision || !inRange(change.entry, selection)) return;
    if (selection.prepare) {
      return inTurn(preparedChange(change, selection), () => {
        const event = eventOf(change, selection);
        return event && tell(event);
      });
    }
    const event = eventOf(change, selection);
    if (event) inTurn(undefined, () => tell(event));
  };
  if (fromPresent) {
    for (const entry of cache.range(selection.from, selection.to))
      inTurn(selection.prepare?.(entry), () => {
        if (!selection.matches || selection.matches(entry)) return tell({ type: "ADDED", entry });
      });
    if (bookmarks) mark({ "k8s.io/initial-events-end": "true" });
  } else if (revision) {
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

type Turn = (wait: Promise<unknown> | undefined, act: () => void | Promise<void>) => void;

/** Takes steps in the order they are asked for, though some wait for a webhook; at once while none waits. A step that fails is the last. */
function turns(onError: (error: unknown) => void): Turn {
  let tail: Promise<void> | undefined;
  let failed = false;
  return (wait, act) => {
    const waiting = tail || wait ? Promise.all([tail, wait]).then(() => (failed ? undefined : act())) : act();
    if (!waiting) return;
    const mine: Promise<void> = waiting
      .catch((error: unknown) => {
        if (!failed) onError(error);
        failed = true;
      })
      .then(() => void (tail === mine && (tail = undefined)));
    tail = mine;
  };
}

const inRange = ({ key }: CachedObject, { from, to }: Selection) => key >= from && key < to;

function preparedChange({ entry, prev }: Change, { prepare }: Selection): Promise<unknown> | undefined {
  const waits = prepare && [entry, ...(prev ? [prev] : [])].flatMap((one) => prepare(one) ?? []);
  return waits?.length ? Promise.all(waits) : undefined;
}

function eventOf(change: Change, selection: Selection): OutgoingEvent | undefined {
  const type = verdict(change, selection);
  if (!type) return undefined;
  const entry = type === "DELETED" && change.type !== "DELETED" ? change.prev!.at(change.revision) : change.entry;
  return entry === change.entry ? { type, entry, frames: change.frames } : { type, entry };
}

/** How a change in the range looks through the selector; undefined: not at all. */
function verdict(change: Change, selection: Selection): ChangeType | undefined {
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
  if (timeoutSeconds) return Math.max(0, timeoutSeconds) * 1000;
  return MIN_TIMEOUT_S * 1000 * (1 + op.core.platform.random.next());
}
