import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { forgetStartFailure, startFailure, tellingFailure } from "./start-failure.ts";

test("a start that fails is told with its causes until it is forgotten", async () => {
  const dir = mkdtempSync(join(tmpdir(), "knarr-start-"));
  const error = new Error("no store", { cause: Object.assign(new Error("disk full"), { code: "ENOSPC" }) });
  expect(await tellingFailure(dir, async () => 1)).toBe(1);
  expect(startFailure(dir)).toBeUndefined();
  await expect(tellingFailure(dir, () => Promise.reject(error))).rejects.toBe(error);
  expect(startFailure(dir)).toEqual({ message: "no store: disk full" });
  forgetStartFailure(dir);
  expect(startFailure(dir)).toBeUndefined();
  rmSync(dir, { recursive: true });
});
