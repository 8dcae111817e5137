import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigMap } from "../../../shared/api/index.ts";
import type { ApiError } from "../../../shared/apimachinery/errors.ts";
import { inMemoryServer, type InMemoryServer } from "../in-memory-server.ts";

let running: InMemoryServer;
const names = (list: { items: { metadata: { name: string } }[] }) => list.items.map((i) => i.metadata.name);

beforeEach(async () => {
  running = await inMemoryServer();
  for (const name of ["a", "b", "c", "d"]) await create(name);
});
afterEach(() => running.close());

const create = (name: string) => running.client.create(ConfigMap, { metadata: { namespace: "default", name } });
const list = (options: object) => running.client.list(ConfigMap, { namespace: "default", ...options });

test("pages show the state of the first page", async () => {
  const first = await list({ limit: 2 });
  await create("bb");
  await running.client.delete(ConfigMap, { namespace: "default", name: "c" });
  const second = await list({ limit: 2, continue: first.metadata.continue });
  expect([names(first), names(second)]).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
  expect(first.metadata.remainingItemCount).toBe(2);
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  expect(names(await list({}))).toEqual(["a", "b", "bb", "d"]);
});

test("a token whose revision is gone is answered with one for the present", async () => {
  const first = await list({ limit: 1 });
  await create("e");
  await running.store.compact(await running.store.currentRevision());
  const error = (await list({ limit: 1, continue: first.metadata.continue }).catch((e: unknown) => e)) as ApiError;
  expect([error.code, error.reason]).toEqual([410, "Expired"]);
  const rest = await list({ continue: error.status.metadata.continue });
  expect(names(rest)).toEqual(["b", "c", "d", "e"]);
});

test("an exact revision is read from the past", async () => {
  const { metadata } = await list({});
  await create("e");
  expect(names(await list({ resourceVersion: metadata.resourceVersion, resourceVersionMatch: "Exact" }))).toEqual([
    "a",
    "b",
    "c",
    "d",
  ]);
});
