import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runServer } from "./server.ts";

test("a server that is told to end while it starts ends when it has started", async () => {
  const dir = mkdtempSync(join(tmpdir(), "server-"));
  writeFileSync(join(dir, "cluster.json"), JSON.stringify({ name: "short", nodeKind: "simulated", nodes: 1, port: 0 }));
  writeFileSync(join(dir, "network.json"), '{"gateway":"127.0.0.1"}');
  expect(await runServer(dir, AbortSignal.abort())).toBeUndefined();
  rmSync(dir, { recursive: true });
});
