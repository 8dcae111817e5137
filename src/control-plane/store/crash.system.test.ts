/** `kill -9` under write load, again and again on one directory: what was acknowledged is there, and no half of a transaction. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { END_OF_KEYS, openEmbeddedStore } from "./index.ts";

const ROUNDS = 8;
const WRITERS = 32;

const root = mkdtempSync(join(tmpdir(), "knarr-crash-"));
const program = join(root, "writer.mjs");
const path = join(root, "data");

beforeAll(() =>
  build({
    entryPoints: [new URL("crash-writer.ts", import.meta.url).pathname],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    outfile: program,
  }),
);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Until a checkpoint has been made, and what came before it dropped. */
const FIRST_SEGMENT = join(path, "wal-0000000001");

/**
 * Runs the writers until each was told something, and all together `times` times, and `enough` is true; kills them, and returns the
 * last number and revision of each.
 */
async function killedUnderLoad(times: number, enough: () => boolean): Promise<Map<number, { n: number; revision: number }>> {
  const child = spawn(process.execPath, [program, path, `${WRITERS}`], { stdio: ["ignore", "pipe", "pipe"] });
  const stderr = text(child.stderr);
  const told = new Map<number, { n: number; revision: number }>();
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [writer, n, revision] = line.split(" ").map(Number) as [number, number, number | undefined];
    if (revision) told.set(writer, { n, revision });
    if (++lines >= times && told.size === WRITERS && enough()) child.kill("SIGKILL");
  }
  expect(await stderr).toBe("");
  return told;
}

async function read() {
  const store = await openEmbeddedStore({ path });
  const { kvs, revision } = await store.range("\0", END_OF_KEYS);
  await store.close();
  return {
    revision,
    byKey: new Map(kvs.map((kv) => [kv.key, { ...kv, n: Number(Buffer.from(kv.value).toString("latin1", 0, 10)) }])),
  };
}

test(`${ROUNDS} kills lose nothing that was acknowledged`, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    // The first kills find the first segment, one meets the end of a checkpoint, the last ones stand on one.
    const told = await killedUnderLoad(WRITERS + round * 300, () => round < ROUNDS / 2 || !existsSync(FIRST_SEGMENT));
    const { byKey, revision } = await read();
    for (const [writer, last] of told) {
      const a = byKey.get(`/writer-${writer}/a`)!;
      const b = byKey.get(`/writer-${writer}/b`)!;
      expect(a.n).toBeGreaterThanOrEqual(last.n);
      expect(a.n).toBeLessThanOrEqual(last.n + 1);
      expect(b).toMatchObject({ n: a.n, modRevision: a.modRevision });
      expect(byKey.get(`/writer-${writer}/log/${a.n % 50}`)).toMatchObject({ n: a.n, modRevision: a.modRevision });
      expect(revision).toBeGreaterThanOrEqual(last.revision);
    }
  }
});
