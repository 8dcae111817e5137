/** Each run is a process of its own, as it is in life: a cache is made at the end of one and used by the next. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

const scratch = mkdtempSync(join(tmpdir(), "bundle-"));
const launcher = join(scratch, "launcher.cjs");
const bundle = join(scratch, "program-ABC.cjs");

beforeAll(() => {
  const source = new URL("bundle.ts", import.meta.url).pathname;
  const options = { bundle: true, platform: "node", format: "cjs", logLevel: "error" } as const;
  buildSync({ ...options, entryPoints: [source], outfile: join(scratch, "bundle.cjs") });
  writeFileSync(launcher, `require("./bundle.cjs").loadBundle(${JSON.stringify(bundle)}, "test").main();`);
});
beforeEach(() => {
  rmSync(join(scratch, "cache"), { recursive: true, force: true });
  writeFileSync(bundle, `"use strict"; exports.main = () => { console.log(require("./data.json").answer); };`);
  writeFileSync(join(scratch, "data.json"), `{ "answer": 42 }`);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const run = (...flags: string[]) => spawnSync(process.execPath, [...flags, launcher], { encoding: "utf8" });
const caches = () => readdirSync(join(scratch, "cache"));
const cache = () => join(scratch, "cache", caches()[0]!);
/** Changes whenever the cache is written. */
const written = () => statSync(cache(), { bigint: true }).ino;

test("the first run writes a cache, the next one takes it", () => {
  expect(run().stdout).toBe("42\n");
  const first = written();
  expect(run().stdout).toBe("42\n");
  expect(caches().length).toBe(1);
  expect(written()).toBe(first);
});

test("a damaged cache is not used, and made anew", () => {
  run();
  const sound = readFileSync(cache());
  for (const damaged of [sound.map((byte, i) => (i > 200 ? byte ^ 0x55 : byte)), sound.subarray(0, 300), Buffer.alloc(0)]) {
    writeFileSync(cache(), damaged);
    expect(run()).toMatchObject({ status: 0, stdout: "42\n" });
    expect(readFileSync(cache()).length).toBeGreaterThan(300);
  }
});

test("where no cache can be written the program runs all the same", () => {
  writeFileSync(join(scratch, "cache"), "a file in the way");
  expect(run()).toMatchObject({ status: 0, stdout: "42\n", stderr: "" });
});

test("other flags of V8 have a cache of their own", () => {
  run();
  expect(run("--no-opt").stdout).toBe("42\n");
  expect(caches().length).toBe(2);
});

test("a run that fails leaves none, and tells where it failed in the bundle", () => {
  const text = `"use strict"; exports.main = () => { throw new Error("oh"); };`;
  writeFileSync(bundle, text);
  expect(run().stderr).toContain(`${bundle}:1:${text.indexOf("new Error") + 1}`);
  expect(() => caches()).toThrow();
});
