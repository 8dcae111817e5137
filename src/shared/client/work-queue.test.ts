import { describe, expect, it } from "vitest";
import type { Clock, Timer } from "../lib/platform.ts";
import { WorkQueue } from "./work-queue.ts";

/** Time that stands still until `advance`. */
function stillClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  let timers: { due: number; fn: () => void }[] = [];
  const after = (ms: number, fn: () => void): Timer => {
    const timer = { due: now + ms, fn };
    timers.push(timer);
    return { cancel: () => (timers = timers.filter((t) => t !== timer)) };
  };
  return {
    now: () => now,
    monotonic: () => now,
    after,
    every: () => ({ cancel() {} }),
    advance(ms) {
      now += ms;
      const due = timers.filter((t) => t.due <= now);
      timers = timers.filter((t) => t.due > now);
      for (const t of due) t.fn();
    },
  };
}

describe("work queue", () => {
  it("holds a key once, and gives it out again only after the work on it is done", () => {
    const queue = new WorkQueue(stillClock(), () => {});
    queue.add("a");
    queue.add("a");
    expect(queue.take()).toBe("a");
    queue.add("a");
    expect(queue.take()).toBeUndefined();
    queue.done("a");
    expect(queue.take()).toBe("a");
    queue.done("a");
    expect(queue.take()).toBeUndefined();
  });

  it("doubles the wait of a failing key until it is forgotten", () => {
    const clock = stillClock();
    const queue = new WorkQueue(clock, () => {});
    const waits = [1, 2, 3].map(() => {
      const ms = queue.addRateLimited("a");
      clock.advance(ms);
      queue.take();
      queue.done("a");
      return ms;
    });
    expect(waits).toEqual([5, 10, 20]);
    queue.forget("a");
    expect(queue.addRateLimited("a")).toBe(5);
  });

  it("lets a key rest, and takes the earliest of several waits", () => {
    const clock = stillClock();
    const queue = new WorkQueue(clock, () => {});
    queue.add("a");
    queue.take();
    queue.add("a");
    queue.done("a", 50);
    queue.addAfter("b", 100);
    queue.addAfter("b", 20);
    clock.advance(20);
    expect(queue.take()).toBe("b");
    expect(queue.take()).toBeUndefined();
    clock.advance(30);
    expect(queue.take()).toBe("a");
  });
});
