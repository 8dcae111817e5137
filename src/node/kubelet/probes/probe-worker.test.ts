import { expect, test } from "vitest";
import type { Probe } from "../../../shared/api/generated/core-v1.ts";
import { handClock } from "../../../shared/lib/hand-clock.ts";
import { container, record } from "../pod/fixtures.ts";
import { ProbeWorker, type ProbeKind } from "./probe-worker.ts";

function worker(kind: ProbeKind, probe: Probe, healthy: (at: number) => boolean) {
  const clock = handClock();
  const log: string[] = [];
  const probeWorker = new ProbeWorker({
    kind,
    probe,
    clock,
    container: container("web"),
    run: async () => {
      const good = healthy(clock.now());
      log.push(`${clock.now()} ${good ? "ok" : "bad"}`);
      return good ? { result: "success" } : { result: "failure", message: "no" };
    },
    onResult: (id, result) => log.push(`${clock.now()} ${id} is ${result}`),
    onUnhealthy: () => log.push(`${clock.now()} told`),
  });
  const web = record("web", "running", { startedAt: 0 });
  return { clock, log, probeWorker, web };
}

test("liveness: a threshold of failures, then the container is left alone until it is another one", async () => {
  const { clock, log, probeWorker, web } = worker(
    "Liveness",
    { periodSeconds: 1, failureThreshold: 2, initialDelaySeconds: 1 },
    (at) => at < 3000,
  );
  probeWorker.observe(web, "ip", true);
  await clock.pass(6000);
  expect(log).toEqual([
    "1000 ok",
    "1000 web-0 is true",
    "2000 ok",
    "2000 web-0 is true",
    "3000 bad",
    "3000 told",
    "4000 bad",
    "4000 told",
    "4000 web-0 is false",
  ]);
  probeWorker.observe(record("web", "running", { restartCount: 1, startedAt: 6000 }), "ip", true);
  await clock.pass(1000);
  expect(log.at(-2)).toBe("7000 bad");
});

test("readiness: asked again soon after the start, without telling, then at its period", async () => {
  const { clock, log, probeWorker, web } = worker("Readiness", { periodSeconds: 10, httpGet: { port: 1 } }, (at) => at >= 300);
  probeWorker.observe(web, "ip", true);
  await clock.pass(1000);
  expect(log).toEqual(["0 bad", "50 bad", "150 bad", "350 ok", "350 web-0 is true"]);
  await clock.pass(10_000);
  expect(log.at(-2)).toBe("10350 ok");
});

test("startup: once is enough", async () => {
  const { clock, log, probeWorker, web } = worker("Startup", { periodSeconds: 1, failureThreshold: 3 }, (at) => at >= 1000);
  probeWorker.observe(web, "ip", true);
  await clock.pass(5000);
  expect(log).toEqual(["0 bad", "0 told", "1000 ok", "1000 web-0 is true"]);
});
