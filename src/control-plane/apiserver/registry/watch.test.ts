import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigMap } from "../../../shared/api/index.ts";
import { isExpired } from "../../../shared/apimachinery/errors.ts";
import type { ApiRequest } from "../../../shared/client/index.ts";
import { inMemoryServer, type InMemoryServer } from "../in-memory-server.ts";

let running: InMemoryServer;
beforeEach(async () => void (running = await inMemoryServer()));
afterEach(() => running.close());

const place = { namespace: "default" };

function put(name: string, labels: Record<string, string> = {}) {
  return running.client.create(ConfigMap, { metadata: { ...place, name, labels } });
}

const relabel = (name: string, labels: Record<string, string | null>) =>
  running.client.patch(ConfigMap, { ...place, name }, "merge", { metadata: { labels } });

/** The first events of a watch, as `TYPE name`. */
async function events(count: number, query: ApiRequest["query"]): Promise<string[]> {
  const seen: string[] = [];
  for await (const { type, object } of running.client.transport.watch({
    method: "GET",
    path: "/api/v1/namespaces/default/configmaps",
    query,
  })) {
    seen.push(
      [type, object.metadata.name, object.metadata.annotations?.["k8s.io/initial-events-end"] && "initial"]
        .filter(Boolean)
        .join(" "),
    );
    if (seen.length === count) break;
  }
  return seen;
}

test("what starts to match is ADDED, what stops is DELETED, what never did is not told", async () => {
  const { metadata } = await put("other");
  await put("one");
  await relabel("one", { tier: "web" });
  await relabel("one", { more: "1" });
  await relabel("other", { tier: "db" });
  await relabel("one", { tier: null });
  const seen = await events(3, { labelSelector: "tier=web", resourceVersion: metadata.resourceVersion });
  expect(seen).toEqual(["ADDED one", "MODIFIED one", "DELETED one"]);
});

test("initial events end with a bookmark that says so, then changes follow", async () => {
  await put("a");
  await put("b");
  const query = { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan", allowWatchBookmarks: "true" };
  const watching = events(4, query);
  await new Promise((resolve) => setImmediate(resolve));
  await put("c");
  expect(await watching).toEqual(["ADDED a", "ADDED b", "BOOKMARK initial", "ADDED c"]);
});

test("who wants no initial events is told only of changes", async () => {
  await put("a");
  const watching = events(1, { sendInitialEvents: "false", resourceVersionMatch: "NotOlderThan" });
  await new Promise((resolve) => setImmediate(resolve));
  await put("b");
  expect(await watching).toEqual(["ADDED b"]);
});

test("a negative timeout ends a watch at once", async () => {
  await put("a");
  expect(await events(2, { resourceVersion: "0", timeoutSeconds: "-1" })).toEqual(["ADDED a"]);
});

test("a watch from before the history is expired", async () => {
  await put("a");
  const again = await inMemoryServer({ store: running.store });
  const watching = again.client.transport.watch({
    method: "GET",
    path: "/api/v1/namespaces/default/configmaps",
    query: { resourceVersion: "0001" },
  });
  await expect(watching[Symbol.asyncIterator]().next()).rejects.toSatisfy(isExpired);
  await again.server.close();
});

test("closing the server ends its watches", async () => {
  const watching = events(1, { resourceVersion: (await put("a")).metadata.resourceVersion });
  await new Promise((resolve) => setImmediate(resolve));
  await running.server.close();
  expect(await watching).toEqual([]);
});
