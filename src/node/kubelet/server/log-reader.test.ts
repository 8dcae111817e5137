import { appendFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { realClock } from "../../../shared/lib/platform.ts";
import { readLog, type LogOptions } from "./log-reader.ts";

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "knarr-log-"));
  path = join(dir, "0.log");
});
afterEach(() => rm(dir, { recursive: true }));

const line = (second: number, text: string, tag = "F", stream = "stdout") =>
  `2026-01-01T00:00:0${second}.5Z ${stream} ${tag} ${text}\n`;

async function read(options: Partial<LogOptions> = {}, signal = new AbortController().signal): Promise<string> {
  const chunks: Buffer[] = [];
  const all = { follow: false, timestamps: false, isRunning: () => false, ...options };
  for await (const chunk of readLog(path, all, realClock, signal)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("records become text: whole, cut, from a time, with times, of one stream", async () => {
  await writeFile(path, line(1, "one") + line(2, "par", "P") + line(2, "tial") + line(3, "err", "F", "stderr") + line(4, ""));
  expect(await read()).toBe("one\npartial\nerr\n\n");
  expect(await read({ tailLines: 2 })).toBe("err\n\n");
  expect(await read({ tailLines: 0 })).toBe("");
  expect(await read({ tailLines: 99 })).toBe("one\npartial\nerr\n\n");
  expect(await read({ limitBytes: 5 })).toBe("one\np");
  expect(await read({ since: Date.parse("2026-01-01T00:00:03Z") })).toBe("err\n\n");
  expect(await read({ stream: "stderr", timestamps: true })).toBe("2026-01-01T00:00:03.5Z err\n");
  expect(await read({ timestamps: true, tailLines: 4 })).toContain("2026-01-01T00:00:02.5Z partial\n");
});

test("a log is followed across rotation until the container ends", async () => {
  await writeFile(path, line(1, "one"));
  let running = true;
  const options = { follow: true, timestamps: false, isRunning: () => running };
  const log = readLog(path, options, realClock, new AbortController().signal)[Symbol.asyncIterator]();
  const next = async () => String((await log.next()).value);
  expect(await next()).toBe("one\n");
  await appendFile(path, line(2, "two"));
  await rename(path, `${path}.1`);
  await writeFile(path, line(3, "three"));
  expect([await next(), await next()]).toEqual(["two\n", "three\n"]);
  await appendFile(path, line(4, "four"));
  running = false;
  expect([await next(), (await log.next()).done]).toEqual(["four\n", true]);
});
