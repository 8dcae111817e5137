import { describe, expect, it } from "vitest";
import { handClock } from "../lib/hand-clock.ts";
import { WorkQueue } from "./work-queue.ts";

describe("work queue", () => {
  it("holds a key once, and gives it out again only after the work on it is done", () => {
    const queue = new WorkQueue(handClock(), () => {});
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

  it("doubles the wait of a failing key until it is forgotten", async () => {
    const clock = handClock();
    const queue = new WorkQueue(clock, () => {});
    const waits: number[] = [];
    while (waits.length < 3) {
      const ms = queue.addRateLimited("a");
      await clock.pass(ms);
      queue.take();
      queue.done("a");
      waits.push(ms);
    }
    expect(waits).toEqual([5, 10, 20]);
    queue.forget("a");
    expect(queue.addRateLimited("a")).toBe(5);
  });

  it("lets a key rest, and takes the earliest of several waits", async () => {
    const clock = handClock();
    const queue = new WorkQueue(clock, () => {});
    queue.add("a");
    queue.take();
    queue.add("a");
    queue.done("a", 50);
    queue.addAfter("b", 100);
    queue.addAfter("b", 20);
    await clock.pass(20);
    expect(queue.take()).toBe("b");
    expect(queue.take()).toBeUndefined();
    await clock.pass(30);
    expect(queue.take()).toBe("a");
  });
});
