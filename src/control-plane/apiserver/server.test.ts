import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigMap, Namespace } from "../../shared/api/index.ts";
import { isNotFound } from "../../shared/apimachinery/errors.ts";
import { createClient, httpsTransport, type Client } from "../../shared/client/index.ts";
import { runApiServer, systemUser, type RunningApiServer } from "./index.ts";

const dir = mkdtempSync(join(tmpdir(), "apiserver-"));
let running: RunningApiServer;
let remote: Client;
let local: Client;

beforeAll(async () => {
  running = await runApiServer({ dataDir: dir, port: 0, tokens: { secret: { name: "admin", groups: ["system:masters"] } } });
  remote = createClient(httpsTransport({ server: running.url, ca: running.pki.cluster.certPem, token: "secret" }));
  local = createClient(running.server.transport(systemUser));
});

afterAll(async () => {
  remote.transport.close();
  await running.close();
  rmSync(dir, { recursive: true });
});

test("an object created over TLS is read, listed, watched and deleted in-process and over TLS", async () => {
  const made = await remote.create(ConfigMap, {
    metadata: { name: "one", namespace: "default", labels: { app: "x" } },
    data: { a: "1" },
  });
  expect(made.metadata.resourceVersion).toMatch(/^\d+$/);
  expect(await local.get(ConfigMap, { namespace: "default", name: "one" })).toEqual(made);
  const list = await remote.list(ConfigMap, { namespace: "default", labelSelector: "app=x" });
  expect(list.items.map((i) => i.metadata.name)).toEqual(["one"]);
  const seen: string[] = [];
  const stop = new AbortController();
  for await (const event of remote.watch(ConfigMap, { namespace: "default", resourceVersion: "0", signal: stop.signal })) {
    seen.push(`${event.type} ${event.object.metadata.name}`);
    if (seen.length === 1) await local.delete(ConfigMap, { namespace: "default", name: "one" });
    if (seen.length === 2) break;
  }
  expect(seen).toEqual(["ADDED one", "DELETED one"]);
  await expect(local.get(ConfigMap, { namespace: "default", name: "one" })).rejects.toSatisfy(isNotFound);
});

test("the shared cache is the watch cache, live", async () => {
  const cache = (await local.transport.sharedCache!(Namespace))!;
  const names: string[] = [];
  const unsubscribe = cache.subscribe((type, object) => names.push(`${type} ${object.metadata.name}`));
  await local.create(Namespace, { metadata: { name: "live" } });
  unsubscribe();
  expect(names).toEqual(["ADDED live"]);
  expect(Object.isFrozen(cache.get("live"))).toBe(true);
});
