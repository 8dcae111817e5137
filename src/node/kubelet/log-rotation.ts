/**
 * Keeps container logs bounded: a file that has grown to 10 MiB is put aside and the runtime told to write a new one; of those put aside
 * a few are kept, all but the newest compressed.
 *
 *     0.log   0.log.20260102-030405   0.log.20260102-020304.gz   …
 *
 * @source pkg/kubelet/logs/container_log_manager.go v1.36
 */
import { createReadStream, createWriteStream } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { KubeletContext } from "./context.ts";

const MAX_LOG_BYTES = 10 * 1024 * 1024;
const MAX_LOG_FILES = 5;

/** Looks at the logs of all running containers. */
export async function rotateLogs({ cri, view, platform, log }: KubeletContext): Promise<void> {
  for (const uid of view.uids()) {
    for (const { id, state, logPath } of view.get(uid).containers) {
      if (state !== "running" || !logPath) continue;
      const size = (await stat(logPath).catch(() => undefined))?.size ?? 0;
      if (size < MAX_LOG_BYTES) continue;
      try {
        await rotateLog(logPath, platform.clock.now(), () => cri.reopenLog(id));
      } catch (error) {
        log.warn({ err: error, log: logPath }, "a log could not be rotated");
      }
    }
  }
}

/** `reopen` makes the writer begin a new file; when it cannot, the old one is put back. */
export async function rotateLog(path: string, now: number, reopen: () => Promise<void>): Promise<void> {
  const aside = await rotated(path);
  for (const name of aside.filter((name) => !name.endsWith(".gz"))) await compress(join(dirname(path), name));
  const kept = MAX_LOG_FILES - 2;
  for (const name of (await rotated(path)).slice(0, -kept)) await rm(join(dirname(path), name));
  const target = `${path}.${timestamp(now)}`;
  await rename(path, target);
  try {
    await reopen();
  } catch (error) {
    await rename(target, path);
    throw error;
  }
}

/** Names of what was put aside, oldest first. */
async function rotated(path: string): Promise<string[]> {
  const names = await readdir(dirname(path));
  return names.filter((name) => name.startsWith(`${basename(path)}.`) && !name.endsWith(".tmp")).sort();
}

async function compress(path: string): Promise<void> {
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.tmp`));
  await rename(`${path}.tmp`, `${path}.gz`);
  await rm(path);
}

/** `20260102-030405` */
const timestamp = (now: number) => new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
