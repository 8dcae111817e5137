/** Timestamps and durations, to the nanosecond. */
import type { FunctionTable } from "../library.ts";
import { CelError, Duration, Timestamp } from "../values.ts";
import { unreadable } from "./standard.ts";

const SECOND = 1_000_000_000n;
const UNITS: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
};
const PART = /(\d+)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/gy;

/** `1h2m3.5s` */
export function durationOf(text: string): Duration {
  const negative = text.startsWith("-");
  const body = text.replace(/^[+-]/, "");
  let nanos = 0n;
  let end = 0;
  for (const [part, whole, fraction = "", unit] of body.matchAll(PART)) {
    const scale = UNITS[unit!]!;
    nanos += BigInt(whole!) * scale;
    if (fraction) nanos += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
    end += part.length;
  }
  if (body !== "0" && (!body || end !== body.length)) throw unreadable("google.protobuf.Duration");
  return new Duration(negative ? -nanos : nanos);
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

export function timestampOf(text: string): Timestamp {
  const match = RFC3339.exec(text);
  const millis = match ? Date.parse(`${text.slice(0, 19)}${match[8]!.toUpperCase()}`) : Number.NaN;
  if (Number.isNaN(millis)) throw unreadable("google.protobuf.Timestamp");
  return new Timestamp(BigInt(millis) * 1_000_000n + BigInt((match![7] ?? "").padEnd(9, "0").slice(0, 9)));
}

export function timestampText({ nanos }: Timestamp): string {
  const seconds = floorDivide(nanos, SECOND);
  const fraction = String(nanos - seconds * SECOND)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}${fraction && `.${fraction}`}Z`;
}

export function durationText({ nanos }: Duration): string {
  const positive = nanos < 0n ? -nanos : nanos;
  const fraction = String(positive % SECOND)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${nanos < 0n ? "-" : ""}${positive / SECOND}${fraction && `.${fraction}`}s`;
}

function floorDivide(a: bigint, b: bigint): bigint {
  return a < 0n && a % b !== 0n ? a / b - 1n : a / b;
}

/** Read as UTC, what stands there is the local time of the zone: a fixed offset or a name. */
function local({ nanos }: Timestamp, zone = "UTC"): Date {
  const millis = Number(floorDivide(nanos, 1_000_000n));
  const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (offset) return new Date(millis + (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000);
  if (zone === "UTC") return new Date(millis);
  try {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      dateStyle: "short",
      timeStyle: "medium",
      fractionalSecondDigits: undefined,
    }).formatToParts(new Date(millis));
    const part = (name: string) => Number(parts.find((p) => p.type === name)!.value);
    const year = new Intl.DateTimeFormat("en-US", { timeZone: zone, year: "numeric" }).format(new Date(millis));
    return new Date(
      Date.UTC(
        Number(year),
        part("month") - 1,
        part("day"),
        part("hour"),
        part("minute"),
        part("second"),
        new Date(millis).getUTCMilliseconds(),
      ),
    );
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
}

const PARTS: Record<string, (date: Date) => number> = {
  getFullYear: (d) => d.getUTCFullYear(),
  getMonth: (d) => d.getUTCMonth(),
  getDate: (d) => d.getUTCDate(),
  getDayOfMonth: (d) => d.getUTCDate() - 1,
  getDayOfWeek: (d) => d.getUTCDay(),
  getDayOfYear: (d) =>
    Math.floor((Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()) - Date.UTC(d.getUTCFullYear(), 0, 1)) / 86_400_000),
  getHours: (d) => d.getUTCHours(),
  getMinutes: (d) => d.getUTCMinutes(),
  getSeconds: (d) => d.getUTCSeconds(),
  getMilliseconds: (d) => d.getUTCMilliseconds(),
};

const parts = Object.entries(PARTS).flatMap(([name, of]) => [
  [`timestamp.${name}(): int`, (t: Timestamp) => BigInt(of(local(t)))],
  [`timestamp.${name}(string): int`, (t: Timestamp, zone: string) => BigInt(of(local(t, zone)))],
]);

export const time: FunctionTable = {
  ...(Object.fromEntries(parts) as FunctionTable),
  "duration.getHours(): int": ({ nanos }: Duration) => nanos / (3600n * SECOND),
  "duration.getMinutes(): int": ({ nanos }: Duration) => nanos / (60n * SECOND),
  "duration.getSeconds(): int": ({ nanos }: Duration) => nanos / SECOND,
  "duration.getMilliseconds(): int": ({ nanos }: Duration) => nanos / 1_000_000n,
  "duration(duration): duration": (a: Duration) => a,
  "duration(string): duration": durationOf,
  "timestamp(timestamp): timestamp": (a: Timestamp) => a,
  "timestamp(string): timestamp": timestampOf,
  "timestamp(int): timestamp": (a: bigint | number) => new Timestamp(BigInt(a) * SECOND),
  "int(timestamp): int": ({ nanos }: Timestamp) => floorDivide(nanos, SECOND),
  "int(duration): int": ({ nanos }: Duration) => nanos,
  "string(timestamp): string": timestampText,
  "string(duration): string": durationText,
  "-_(duration): duration": ({ nanos }: Duration) => new Duration(-nanos),
  "_+_(duration, duration): duration": (a: Duration, b: Duration) => new Duration(a.nanos + b.nanos),
  "_+_(timestamp, duration): timestamp": (a: Timestamp, b: Duration) => new Timestamp(a.nanos + b.nanos),
  "_+_(duration, timestamp): timestamp": (a: Duration, b: Timestamp) => new Timestamp(a.nanos + b.nanos),
  "_-_(duration, duration): duration": (a: Duration, b: Duration) => new Duration(a.nanos - b.nanos),
  "_-_(timestamp, duration): timestamp": (a: Timestamp, b: Duration) => new Timestamp(a.nanos - b.nanos),
  "_-_(timestamp, timestamp): duration": (a: Timestamp, b: Timestamp) => new Duration(a.nanos - b.nanos),
};
