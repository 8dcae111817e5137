import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { rotateLog } from "./log-rotation.ts";

test("logs are put aside, compressed, and the oldest removed", async () => {
  const dir = await mkdtemp(join(tmpdir(), "knarr-rotate-"));
  const path = join(dir, "0.log");
  await writeFile(path, "0");
  for (let turn = 1; turn <= 6; turn++) await rotateLog(path, turn * 1000, () => writeFile(path, String(turn)));
  const at = (second: number) => `0.log.19700101-00000${second}`;
  expect((await readdir(dir)).sort()).toEqual(["0.log", `${at(3)}.gz`, `${at(4)}.gz`, `${at(5)}.gz`, at(6)]);
  expect(await readFile(path, "utf8")).toBe("6");
  expect(gunzipSync(await readFile(join(dir, `${at(5)}.gz`))).toString()).toBe("4");
  await expect(rotateLog(path, 9000, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await readFile(path, "utf8")).toBe("6");
  await rm(dir, { recursive: true });
});
