/** GET of one object. */
import { apiError, notFound, timeoutError } from "../../../shared/apimachinery/errors.ts";
import type { CachedObject } from "../cache/cached-object.ts";
import type { Result } from "../chain/types.ts";
import type { Core } from "../core.ts";
import { prepared } from "./convert.ts";
import type { Operation } from "./operation.ts";
import { storeKey, type Served } from "./resources.ts";

export function get(op: Operation): Result | Promise<Result> {
  const fresh = freshFor(op.core, op.query.get("resourceVersion") ?? "");
  return fresh ? fresh.then(() => read(op)) : read(op);
}

function read(op: Operation): Result | Promise<Result> {
  const entry = present(op.served, op.info.namespace, op.info.name);
  const result: Result = { type: "entry", code: 200, served: op.served, entry };
  return prepared(entry, op.served)?.then(() => result) ?? result;
}

/** The present object, or 404. */
export function present(served: Served, namespace: string, name: string): CachedObject {
  const entry = served.resource.cache.get(storeKey(served.resource, namespace, name));
  if (!entry) throw notFound(served.ref, name);
  return entry;
}

/** What has to be waited for before the cache may answer a read with this resourceVersion; undefined: nothing. */
export function freshFor(core: Core, resourceVersion: string): Promise<void> | undefined {
  if (resourceVersion === "") return core.hub.current();
  if (resourceVersion === "0") return undefined;
  const revision = parseRevision(resourceVersion);
  if (revision === undefined) throw plainError(notARevision(resourceVersion));
  return atLeast(core, revision);
}

const WAIT_MS = 3000;

/** Resolves when the caches are at this revision; a future one that does not come is 504. */
export function atLeast(core: Core, revision: number): Promise<void> | undefined {
  const reached = core.hub.reached(revision);
  if (!reached) return undefined;
  return new Promise((resolve, reject) => {
    const timer = core.platform.clock.after(WAIT_MS, () => reject(tooLarge(revision, core.hub.revision)));
    void reached.then(() => {
      timer.cancel();
      resolve();
    });
  });
}

/** A 500 without a reason: what upstream answers where an error is no Status. */
export const plainError = (message: string) => apiError(500, "", message);

export function tooLarge(wanted: number, current: number) {
  const error = timeoutError(`Timeout: Too large resource version: ${wanted}, current: ${current}`, 1);
  error.status.details = {
    ...error.status.details,
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
  };
  return error;
}

/** What a read says to a resourceVersion that is no number. */
export const notARevision = (text: string) =>
  `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;

export function parseRevision(text: string): number | undefined {
  return /^\d{1,20}$/.test(text) ? Number(text) : undefined;
}
