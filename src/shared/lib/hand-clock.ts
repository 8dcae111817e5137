/** For tests: time that passes only when it is told to, with everything that a timer sets off done before the next one fires. */
import type { Clock, Timer } from "./platform.ts";

export interface HandClock extends Clock {
  pass(ms: number): Promise<void>;
}

export function handClock(): HandClock {
  let now = 0;
  let timers: { at: number; fn: () => void }[] = [];
  const after = (ms: number, fn: () => void): Timer => {
    const timer = { at: now + ms, fn };
    timers.push(timer);
    return { cancel: () => (timers = timers.filter((other) => other !== timer)) };
  };
  const every = (ms: number, fn: () => void): Timer => {
    let timer: Timer;
    const next = () => (timer = after(ms, () => (next(), fn())));
    next();
    return { cancel: () => timer.cancel() };
  };
  const fireUntil = async (end: number): Promise<void> => {
    const next = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
    if (!next) return;
    now = Math.max(now, next.at);
    timers = timers.filter((timer) => timer !== next);
    next.fn();
    await settled();
    await fireUntil(end);
  };
  return {
    now: () => now,
    monotonic: () => now,
    after,
    every,
    async pass(ms) {
      const end = now + ms;
      await settled();
      await fireUntil(end);
      now = end;
    },
  };
}

/** All promises that wait for no input or output have been followed. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
