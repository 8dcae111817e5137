import { expect, test } from "vitest";
import { DemandLoop } from "./demand-loop.ts";
import { handClock } from "./hand-clock.ts";
import { silentLogger } from "./logger.ts";
import { sleep } from "./platform.ts";

const WORK_MS = 20;

test("requests gather, never overlap, and failures come again", async () => {
  const clock = handClock();
  const runs: string[] = [];
  let active = 0;
  const loop = new DemandLoop({
    clock,
    log: silentLogger,
    name: "test",
    gatherMs: 5,
    retryMs: 10,
    async work() {
      expect(++active).toBe(1);
      await sleep(clock, WORK_MS);
      active--;
      runs.push(`${clock.now()} ${runs.length === 0 ? "failed" : "done"}`);
      if (runs.length === 1) throw new Error("no");
    },
  });
  const end = new AbortController();
  const ended = loop.run(end.signal);
  for (let i = 0; i < 10; i++) loop.request();
  await clock.pass(100);
  expect(runs).toEqual(["25 failed", "55 done"]);
  loop.request();
  await clock.pass(10);
  loop.request();
  end.abort();
  await clock.pass(WORK_MS);
  await ended;
  await clock.pass(100);
  expect(runs.slice(2)).toEqual(["125 done"]);
});
