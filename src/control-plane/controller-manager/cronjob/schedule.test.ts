import { describe, expect, it } from "vitest";
import type { CronJob } from "../../../shared/api/index.ts";
import { dueStart, untilNextMs } from "./due.ts";
import { parseSchedule } from "../../../shared/lib/cron-schedule.ts";

const at = (text: string) => Date.parse(text);
const next = (schedule: string, from: string, zone?: string) =>
  new Date(parseSchedule(schedule, zone)(at(from))!).toISOString().slice(0, 16);

describe("cron schedule", () => {
  it.each([
    ["*/15 * * * *", "2026-01-01T00:07:30Z", "2026-01-01T00:15"],
    ["0 9-17/4 * * mon-fri", "2026-01-02T18:00:00Z", "2026-01-05T09:00"],
    ["0 0 13 * 5", "2026-02-01T00:00:00Z", "2026-02-06T00:00"],
    ["0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00"],
    ["5/20 0 * * *", "2026-01-01T00:05:00Z", "2026-01-01T00:25"],
    ["@monthly", "2026-01-15T00:00:00Z", "2026-02-01T00:00"],
  ])("%s after %s", (schedule, from, expected) => expect(next(schedule, from)).toBe(expected));

  it("follows a time zone through its changes", () => {
    expect(next("30 2 * * *", "2026-03-27T12:00:00Z", "Europe/Vienna")).toBe("2026-03-28T01:30");
    // There is no 2:30 on the 29th there: the clock goes from 2 to 3.
    expect(next("30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Vienna")).toBe("2026-03-30T00:30");
    expect(next("TZ=Asia/Kolkata 0 0 * * *", "2026-01-01T00:00:00Z")).toBe("2026-01-01T18:30");
  });

  it.each(["* * * *", "60 * * * *", "* * * * mon-xyz", "*/0 * * * *", "@never"])("refuses %s", (text) => {
    expect(() => parseSchedule(text)).toThrow();
  });
});

describe("due start", () => {
  const cronJob = (spec: object = {}, status: object = {}) =>
    ({ metadata: { creationTimestamp: "2026-01-01T00:00:30Z" }, spec, status }) as unknown as CronJob;
  const everyMinute = parseSchedule("* * * * *");

  it("is the latest of those that were missed", () => {
    expect(dueStart(cronJob(), at("2026-01-01T00:00:59Z"), everyMinute)).toEqual({ tooMany: false });
    expect(dueStart(cronJob(), at("2026-01-01T00:05:10Z"), everyMinute)).toEqual({
      at: at("2026-01-01T00:05:00Z"),
      tooMany: false,
    });
    expect(dueStart(cronJob(), at("2026-01-01T05:00:00Z"), everyMinute)).toEqual({
      at: at("2026-01-01T05:00:00Z"),
      tooMany: true,
    });
  });

  it("comes after the last one", () => {
    const started = cronJob({}, { lastScheduleTime: "2026-01-01T00:05:00Z" });
    expect(dueStart(started, at("2026-01-01T00:05:10Z"), everyMinute)).toEqual({ tooMany: false });
    expect(untilNextMs(started, at("2026-01-01T00:05:10Z"), everyMinute)).toBe(50_100);
  });

  it("is told apart from a schedule that names no day there is", () => {
    expect(dueStart(cronJob(), at("2026-01-02T00:00:00Z"), parseSchedule("59 23 31 2 *"))).toEqual({
      tooMany: false,
      never: true,
    });
  });
});
