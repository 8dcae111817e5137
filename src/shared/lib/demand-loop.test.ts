import { expect, test } from "vitest";
import { DemandLoop } from "./demand-loop.ts";
import { silentLogger } from "./logger.ts";
import { realClock, sleep } from "./platform.ts";

test("requests gather, never overlap, and failures come again", async () => {
  const runs: string[] = [];
  let active = 0;
  const loop = new DemandLoop({
    clock: realClock,
    log: silentLogger,
    name: "test",
    gatherMs: 5,
    retryMs: 10,
    async work() {
      expect(++active).toBe(1);
      await sleep(realClock, 20);
      active--;
      runs.push(runs.length === 0 ? "failed" : "done");
      if (runs.length === 1) throw new Error("no");
    },
  });
  const end = new AbortController();
  const ended = loop.run(end.signal);
  for (let i = 0; i < 10; i++) loop.request();
  await sleep(realClock, 15);
  expect(runs).toEqual([]);
  loop.request();
  await sleep(realClock, 80);
  expect(runs).toEqual(["failed", "done"]);
  loop.request();
  end.abort();
  await ended;
  await sleep(realClock, 40);
  expect(runs.length).toBeLessThanOrEqual(3);
});
