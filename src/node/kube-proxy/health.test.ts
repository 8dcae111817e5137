import { afterEach, expect, test } from "vitest";
import { silentLogger } from "../../shared/lib/logger.ts";
import { realClock, type Clock } from "../../shared/lib/platform.ts";
import { freePort } from "../../testing/free-port.ts";
import { ProxyHealth } from "./health.ts";

let now = 1_000_000;
const clock: Clock = { ...realClock, now: () => now };
const health = new ProxyHealth(clock, silentLogger);
afterEach(() => health.close());

const get = async (port: number, path = "/") => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { code: response.status, body: await response.text(), weight: response.headers.get("x-load-balancing-endpoint-weight") };
};

test("a Service is healthy where it has endpoints, on a port of its own, as long as it wants one", async () => {
  const port = await freePort();
  await health.setServices([{ namespace: "shop", name: "web", port, localEndpoints: 0 }]);
  expect((await get(port)).code).toBe(503);
  await health.setServices([{ namespace: "shop", name: "web", port, localEndpoints: 2 }]);
  const { code, body, weight } = await get(port);
  expect([code, weight]).toEqual([200, "2"]);
  expect(JSON.parse(body)).toEqual({ service: { namespace: "shop", name: "web" }, localEndpoints: 2, serviceProxyHealthy: true });
  await health.setServices([]);
  await expect(get(port)).rejects.toThrow();
});

test("the proxy is unhealthy when rules wait for too long, and not for new traffic when its node goes", async () => {
  const port = await freePort();
  await health.listen("127.0.0.1", port);
  expect((await get(port, "/healthz")).code).toBe(200);
  health.queued();
  now += 61_000;
  expect((await get(port, "/healthz")).code).toBe(503);
  health.updated();
  health.nodeEligible = false;
  expect([(await get(port, "/healthz")).code, (await get(port, "/livez")).code, (await get(port, "/other")).code]).toEqual([
    503, 200, 404,
  ]);
});
