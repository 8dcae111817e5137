/**
 * The one door to time, randomness and the environment.
 *
 * Nothing else in the project touches `Date`, timers, `Math.random`, `crypto.random*` or `process.env`: everything that
 * waits or draws takes a `Platform` (or one of its parts), so that a whole cluster can run under a fake clock.
 */
import { randomBytes, randomUUID } from "node:crypto";

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch, wall clock. */
  now(): number;
  /** Milliseconds that never go back, for measuring durations. */
  monotonic(): number;
  /** Calls `fn` once after `ms`. The timer keeps the process alive unless `background` is set. */
  after(ms: number, fn: () => void, options?: { background?: boolean }): Timer;
  /** Calls `fn` every `ms` until cancelled. */
  every(ms: number, fn: () => void, options?: { background?: boolean }): Timer;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  uuid(): string;
  bytes(n: number): Uint8Array;
}

export interface Platform {
  clock: Clock;
  random: Random;
}

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn, options) {
    const t = setTimeout(fn, Math.min(ms, 2 ** 31 - 1));
    if (options?.background) t.unref();
    return { cancel: () => clearTimeout(t) };
  },
  every(ms, fn, options) {
    const t = setInterval(fn, ms);
    if (options?.background) t.unref();
    return { cancel: () => clearInterval(t) };
  },
};

const POOL_BYTES = 4096;
let pool = new Uint8Array(0);
let pooled = 0;

/** A few bytes cost a call into the system each: they are drawn by the page. */
function pooledBytes(n: number): Uint8Array {
  if (pooled + n > pool.length) {
    pool = randomBytes(POOL_BYTES);
    pooled = 0;
  }
  return pool.subarray(pooled, (pooled += n));
}

const realRandom: Random = {
  next: () => Math.random(),
  uuid: () => randomUUID(),
  bytes: (n) => (n > POOL_BYTES >> 4 ? randomBytes(n) : pooledBytes(n)),
};

export const realPlatform: Platform = { clock: realClock, random: realRandom };

/** Reads one environment variable; empty counts as absent. */
export function env(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** The whole environment, for a child process, with additions. */
export function childEnvironment(additions: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...additions };
}

/** Resolves after `ms`, or rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      timer.cancel();
      reject(signal!.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Resolves after `ms`, or as soon as the signal is aborted: for loops that ask the signal themselves. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(clock, ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** `2026-01-02T03:04:05Z`: metav1.Time, whole seconds. */
export function formatTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== formatted.second) formatted = { second, text: `${new Date(ms).toISOString().slice(0, 19)}Z` };
  return formatted.text;
}

/** The last second that was formatted: mostly it is asked for again. */
let formatted = { second: Number.NaN, text: "" };

/** `2026-01-02T03:04:05.123000Z`: metav1.MicroTime. */
export function formatMicroTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`;
}

/** `Sun, 22 Nov 2026 17:58:24 GMT`: dates in HTTP headers. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** Milliseconds since the epoch of an RFC 3339 text; NaN where it is none. */
export function parseTime(text: string): number {
  return Date.parse(text);
}

export interface CalendarFields {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  /** 0 is Sunday. */
  weekday: number;
  hour: number;
  minute: number;
}

/** What calendar and clock on the wall show at `ms` in a zone that is `offsetMs` ahead of UTC. */
export function calendarAt(ms: number, offsetMs = 0): CalendarFields {
  const d = new Date(ms + offsetMs);
  return {
    year: d.getUTCFullYear(),
    month: d.getUTCMonth() + 1,
    day: d.getUTCDate(),
    weekday: d.getUTCDay(),
    hour: d.getUTCHours(),
    minute: d.getUTCMinutes(),
  };
}

const zones = new Map<string, Intl.DateTimeFormat>();

/** How far an IANA time zone is ahead of UTC at `ms`. Throws RangeError where there is no such zone. */
export function zoneOffsetMs(ms: number, timeZone: string): number {
  let format = zones.get(timeZone);
  if (!format) zones.set(timeZone, (format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" })));
  const name = format.formatToParts(ms).find((p) => p.type === "timeZoneName")?.value ?? "GMT";
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name);
  if (!match?.[1]) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
  return (match[1] === "-" ? -seconds : seconds) * 1000;
}
