/**
 * Cron schedules: five fields (minute, hour, day of month, month, day of week), names, steps, and the `@daily` kind of shorthand.
 *
 * When both day fields are restricted, a day that matches either counts, as cron has it since ever.
 *
 *     parseSchedule("0,30 9-17 * * mon-fri")(t, "Europe/Vienna") → the next such moment after t
 *
 * @source github.com/robfig/cron v3 parser.go and spec.go, which upstream parses with
 */
import { calendarAt, zoneOffsetMs } from "./platform.ts";

/** The first moment after `ms`, or undefined where there is none within five years. */
export type NextTime = (ms: number) => number | undefined;

class ScheduleError extends Error {
  override readonly name = "ScheduleError";
}

interface Field {
  min: number;
  max: number;
  names?: Readonly<Record<string, number>>;
}

const named = (names: string, from: number) => Object.fromEntries(names.split(" ").map((name, i) => [name, i + from]));

const FIELDS: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: named("jan feb mar apr may jun jul aug sep oct nov dec", 1) },
  { min: 0, max: 6, names: named("sun mon tue wed thu fri sat", 0) },
];

const SHORTHANDS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FIVE_YEARS = 5 * 366 * 24 * HOUR;

interface Spec {
  minutes: Set<number>;
  hours: Set<number>;
  days: Set<number>;
  months: Set<number>;
  weekdays: Set<number>;
  anyDay: boolean;
  anyWeekday: boolean;
}

/** @throws ScheduleError, or RangeError for an unknown time zone. */
export function parseSchedule(text: string, timeZone?: string): NextTime {
  const prefixed = /^(?:CRON_TZ|TZ)=(\S+)\s+(.*)$/.exec(text.trim());
  const zone = prefixed?.[1] ?? timeZone;
  const body = prefixed?.[2] ?? text.trim();
  if (zone) zoneOffsetMs(0, zone);
  const every = /^@every (.+)$/.exec(body);
  if (every) return everyInterval(every[1]!);
  const spec = parseSpec(SHORTHANDS[body.toLowerCase()] ?? body);
  return (ms) => nextOf(spec, ms, zone);
}

function parseSpec(text: string): Spec {
  if (text.startsWith("@")) throw new ScheduleError(`unrecognized descriptor: ${text}`);
  const parts = text.split(/\s+/).filter(Boolean);
  if (parts.length !== 5) throw new ScheduleError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`);
  const [minutes, hours, days, months, weekdays] = parts.map((part, i) => parseField(part, FIELDS[i]!));
  const isAny = (part: string) => /^[*?]/.test(part) && !part.includes("/");
  return {
    minutes: minutes!,
    hours: hours!,
    days: days!,
    months: months!,
    weekdays: weekdays!,
    anyDay: isAny(parts[2]!),
    anyWeekday: isAny(parts[4]!),
  };
}

function parseField(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [range, stepText, ...rest] = part.split("/");
    if (rest.length) throw new ScheduleError(`too many slashes: ${part}`);
    const step = stepText === undefined ? 1 : number(stepText, {});
    if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${part}`);
    const [from, to] = limits(range!, field, stepText !== undefined);
    if (from < field.min) throw new ScheduleError(`beginning of range (${from}) below minimum (${field.min}): ${part}`);
    if (to > field.max) throw new ScheduleError(`end of range (${to}) above maximum (${field.max}): ${part}`);
    if (from > to) throw new ScheduleError(`beginning of range (${from}) beyond end of range (${to}): ${part}`);
    for (let v = from; v <= to; v += step) values.add(v);
  }
  return values;
}

function limits(range: string, field: Field, stepped: boolean): [number, number] {
  if (range === "*" || range === "?") return [field.min, field.max];
  const [low, high, ...rest] = range.split("-");
  if (rest.length) throw new ScheduleError(`too many hyphens: ${range}`);
  const from = number(low!, field.names);
  // `5/15` means from 5 to the end.
  if (high === undefined) return [from, stepped ? field.max : from];
  return [from, number(high, field.names)];
}

function number(text: string, names: Readonly<Record<string, number>> | undefined): number {
  const named = names?.[text.toLowerCase()];
  if (named !== undefined) return named;
  if (!/^\d+$/.test(text))
    throw new ScheduleError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** Go durations of at least a second. */
function everyInterval(text: string): NextTime {
  const units: Record<string, number> = { h: HOUR, m: MINUTE, s: 1000 };
  if (!/^(\d+[hms])+$/.test(text))
    throw new ScheduleError(`failed to parse duration @every ${text}: time: invalid duration ${JSON.stringify(text)}`);
  const total = [...text.matchAll(/(\d+)([hms])/g)].reduce((n, [, count, unit]) => n + Number(count) * units[unit!]!, 0);
  const ms = Math.max(total, 1000);
  return (t) => Math.floor(t / 1000) * 1000 + ms;
}

/** Steps by hours while the day or hour is wrong, then by minutes: zones shift by whole minutes at whole hours. */
function nextOf(spec: Spec, after: number, zone: string | undefined): number | undefined {
  let t = Math.floor(after / MINUTE) * MINUTE + MINUTE;
  for (const end = after + FIVE_YEARS; t < end;) {
    const { month, day, weekday, hour, minute } = calendarAt(t, zone ? zoneOffsetMs(t, zone) : 0);
    const onDay = spec.days.has(day);
    const onWeekday = spec.weekdays.has(weekday);
    const dayFits = spec.anyDay || spec.anyWeekday ? onDay && onWeekday : onDay || onWeekday;
    if (!spec.months.has(month) || !dayFits || !spec.hours.has(hour)) t += (60 - minute) * MINUTE;
    else if (!spec.minutes.has(minute)) t += MINUTE;
    else return t;
  }
  return undefined;
}
