import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { realClock, sleep } from "../shared/lib/platform.ts";
import { loopPid, processPid, startSupervised, stopSupervised } from "./processes.ts";

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "knarr-processes-"))));
afterEach(async () => {
  await stopSupervised(dir);
  rmSync(dir, { recursive: true });
});

async function until<T>(read: () => T | undefined): Promise<T> {
  for (let n = 0; n < 1000; n++) {
    const value = read();
    if (value !== undefined) return value;
    await sleep(realClock, 20);
  }
  throw new Error("did not happen within 20 s");
}

const alive = (pid: number) =>
  existsSync(`/proc/${pid}/environ`) && readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] !== "Z";

test("a process that is killed is started again, and ends with its loop", async () => {
  startSupervised({ dir, command: ["/bin/sleep", "60"] });
  const first = await until(() => processPid(dir));
  process.kill(first, "SIGKILL");
  const second = await until(() => (processPid(dir) === first ? undefined : processPid(dir)));
  expect(second).not.toBe(first);
  const loop = loopPid(dir)!;
  await stopSupervised(dir);
  expect([alive(second), alive(loop)]).toEqual([false, false]);
  expect(processPid(dir)).toBeUndefined();
});

test("starting twice starts once", async () => {
  startSupervised({ dir, command: ["/bin/sleep", "60"] });
  const pid = await until(() => processPid(dir));
  startSupervised({ dir, command: ["/bin/sleep", "60"] });
  await sleep(realClock, 100);
  expect(processPid(dir)).toBe(pid);
});

test("a process that ignores SIGTERM is killed", async () => {
  startSupervised({ dir, command: ["/bin/sh", "-c", `trap '' TERM; touch ${dir}/deaf; while :; do sleep 1; done`] });
  await until(() => existsSync(join(dir, "deaf")) || undefined);
  const pid = processPid(dir)!;
  await stopSupervised(dir, 300);
  expect(alive(pid)).toBe(false);
});

test("a process that ends well is not started again", async () => {
  startSupervised({ dir, command: ["/bin/true"] });
  await until(() => (loopPid(dir) ? undefined : true));
  expect(processPid(dir)).toBeUndefined();
});
