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

export const realRandom: Random = {
  next: () => Math.random(),
  uuid: () => randomUUID(),
  bytes: (n) => randomBytes(n),
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

/** `2026-01-02T03:04:05Z`: metav1.Time, whole seconds. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

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
