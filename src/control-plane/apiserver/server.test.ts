import { request } from "node:https";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigMap, Namespace, Pod } from "../../shared/api/index.ts";
import { isNotFound } from "../../shared/apimachinery/errors.ts";
import { createClient, httpsTransport, type Client } from "../../shared/client/index.ts";
import { runApiServer, systemUser, type RunningApiServer } from "./index.ts";

const dir = mkdtempSync(join(tmpdir(), "apiserver-"));
let running: RunningApiServer;
let remote: Client;
let local: Client;

beforeAll(async () => {
  running = await runApiServer({
    dataDir: dir,
    port: 0,
    tokens: { secret: { name: "admin", groups: ["system:masters"] } },
    withoutAdmission: ["ServiceAccount"],
  });
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

test("a creation that is only tried may carry a version of another object", async () => {
  const tried = { metadata: { name: "tried", namespace: "default", resourceVersion: "7" } };
  await remote.create(ConfigMap, tried, { dryRun: true });
  await expect(remote.create(ConfigMap, tried)).rejects.toMatchObject({ code: 500 });
});

test("what an eviction answers is a Status in protobuf too", async () => {
  await local.create(Pod, {
    metadata: { name: "p", namespace: "default" },
    spec: { containers: [{ name: "c", image: "i" }], nodeName: "n" },
  });
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "p", namespace: "default" } };
  let auditId: unknown;
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = {
      "audit-id": "mine",
      authorization: "Bearer secret",
      "content-type": "application/json",
      accept: "application/vnd.kubernetes.protobuf",
    };
    const path = `${running.url}/api/v1/namespaces/default/pods/p/eviction`;
    request(path, { method: "POST", ca: running.pki.cluster.certPem, headers, agent: false }, (response) => {
      auditId = response.headers["audit-id"];
      let text = "";
      response.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
    })
      .on("error", reject)
      .end(JSON.stringify(body));
  });
  expect(answer).toContain("Status");
  expect(answer).toContain("Success");
  expect(auditId).toBe("mine");
});

test("a request that comes early waits for what the port waits for", async () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const { cert, key } = running.pki.serving;
  const { port } = await running.server.listen({ port: 0, cert, key, after: opened });
  const early = createClient(
    httpsTransport({ server: `https://127.0.0.1:${port}`, ca: running.pki.cluster.certPem, token: "secret" }),
  );
  let ready = false;
  const answer = early.list(Namespace).then(() => ready);
  await remote.list(Namespace);
  ready = true;
  open();
  expect(await answer).toBe(true);
  early.transport.close();
});
