/**
 * Which start of a CronJob is due now. Pure.
 *
 * Of several starts that were missed only the latest counts; one that lies longer back than the starting deadline does not.
 *
 * @source pkg/controller/cronjob/utils.go mostRecentScheduleTime v1.36
 */
import type { CronJob } from "../../../shared/api/index.ts";
import { parseTime } from "../../../shared/lib/platform.ts";
import type { NextTime } from "../../../shared/lib/cron-schedule.ts";

const MANY = 100;
/** A little after the full minute, so that the clock has passed it for sure. */
const DELTA_MS = 100;

export interface Due {
  /** Milliseconds since the epoch. */
  at?: number;
  tooMany: boolean;
  /** A day that no calendar has, such as the 31st of February. */
  never?: true;
}

function earliest({ metadata, status, spec }: CronJob, now: number, withDeadline: boolean): number {
  const since = parseTime(status?.lastScheduleTime ?? metadata.creationTimestamp);
  const { startingDeadlineSeconds } = spec!;
  return withDeadline && startingDeadlineSeconds !== undefined ? Math.max(since, now - startingDeadlineSeconds * 1000) : since;
}

function mostRecent(from: number, now: number, next: NextTime): Due {
  const first = next(from);
  if (first === undefined) return { tooMany: false, never: true };
  if (now < first) return { tooMany: false };
  const second = next(first);
  if (second === undefined || now < second) return { at: first, tooMany: false };
  const between = second - first;
  const missed = Math.floor((now - first) / between) + 1;
  let at: number | undefined;
  for (let t = next(first + (missed - 2) * between); t !== undefined && t <= now; t = next(t)) at = t;
  return { ...(at !== undefined && { at }), tooMany: missed > MANY };
}

export const dueStart = (cj: CronJob, now: number, next: NextTime): Due => mostRecent(earliest(cj, now, true), now, next);

/** Until the start after the latest one. */
export function untilNextMs(cj: CronJob, now: number, next: NextTime): number | undefined {
  const from = earliest(cj, now, false);
  const { at, tooMany } = mostRecent(from, now, next);
  const following = next(at ?? (tooMany ? now : from));
  return following === undefined ? undefined : Math.max(0, following + DELTA_MS - now);
}
