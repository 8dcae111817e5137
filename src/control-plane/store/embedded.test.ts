/** The embedded engine: the contract in memory and on disk, and what a directory of files must survive. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { handClock } from "../../shared/lib/hand-clock.ts";
import { realPlatform } from "../../shared/lib/platform.ts";
import { storeContract } from "./contract.ts";
import { CompactedError, openEmbeddedStore } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "knarr-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directories = 0;
const freshPath = () => join(root, `d${++directories}`);

storeContract("embedded, in memory", () => openEmbeddedStore());
storeContract("embedded, on disk", () => openEmbeddedStore({ path: freshPath() }));

test("history is forgotten by itself, after its time and not before", async () => {
  const clock = handClock();
  const store = await openEmbeddedStore({ historyMs: 150, platform: { ...realPlatform, clock } });
  const put = (value: string) => store.commit([{ op: "put", key: "/a", value: Buffer.from(value) }]);
  const { revision } = await put("1");
  await put("2");
  await clock.pass(149);
  expect((await store.get("/a", { revision })).kv).toBeDefined();
  await clock.pass(300);
  await expect(store.get("/a", { revision })).rejects.toBeInstanceOf(CompactedError);
  expect((await store.get("/a")).kv?.version).toBe(2);
  await store.close();
});
