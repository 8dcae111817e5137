/**
 * Writes all files of a volume so that readers see either the old or the new ones, never a mixture:
 *
 *     volume/..2026_01_02_03_04_05.123/key    the files
 *     volume/..data -> ..2026_01_02_03_04_05.123    replaced in one rename
 *     volume/key -> ..data/key                what the container opens
 *
 * @source pkg/volume/util/atomic_writer.go v1.36
 */
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { groupMode } from "./ownership.ts";
import type { Payload, PayloadFile } from "./payload.ts";

const DATA = "..data";

export interface WriteRequest {
  dir: string;
  payload: Payload;
  fsGroup?: number;
  now: number;
}

/** Resolves with whether anything was changed. */
export async function writeAtomically(request: WriteRequest): Promise<boolean> {
  const { dir, payload } = request;
  await mkdir(dir, { recursive: true, mode: 0o755 });
  await chmod(dir, 0o777);
  if (request.fsGroup !== undefined) await giveDirectory(dir, request.fsGroup);
  for (const path of payload.keys()) checkPath(path);
  const old = await readlink(join(dir, DATA)).catch(() => undefined);
  if (old && (await isCurrent(join(dir, old), request))) {
    await linkTopLevel(dir, payload);
    return false;
  }
  const fresh = await mkdtemp(join(dir, `..${timestamp(request.now)}.`));
  await chmod(fresh, 0o755);
  if (request.fsGroup !== undefined) await giveDirectory(fresh, request.fsGroup);
  for (const [path, file] of payload) await writeOne(fresh, path, file, request.fsGroup);
  const temporary = join(dir, "..data_tmp");
  await rm(temporary, { force: true });
  await symlink(fresh.slice(dir.length + 1), temporary);
  await rename(temporary, join(dir, DATA));
  await linkTopLevel(dir, payload);
  if (old) await rm(join(dir, old), { recursive: true, force: true });
  return true;
}

async function giveDirectory(dir: string, fsGroup: number): Promise<void> {
  await chown(dir, 0, fsGroup);
  await chmod(dir, groupMode((await stat(dir)).mode & 0o7777, true, true));
}

function checkPath(path: string): void {
  const parts = path.split("/");
  if (path === "" || path.startsWith("/") || parts.includes("..") || parts[0]!.startsWith("..")) {
    throw new Error(`invalid path: ${JSON.stringify(path)}`);
  }
}

/** `2026_01_02_03_04_05`, as upstream names the directories. */
const timestamp = (now: number) => new Date(now).toISOString().slice(0, 19).replace(/[-:T]/g, "_");

async function isCurrent(dir: string, { payload, fsGroup }: WriteRequest): Promise<boolean> {
  const present = await filesBelow(dir);
  if (present.length !== payload.size) return false;
  for (const [path, file] of payload) {
    const full = join(dir, path);
    const [data, info] = await Promise.all([readFile(full).catch(() => undefined), stat(full).catch(() => undefined)]);
    if (!data?.equals(file.data) || (info!.mode & 0o7777) !== fileMode(file, fsGroup)) return false;
  }
  return true;
}

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const fileMode = ({ mode }: PayloadFile, fsGroup: number | undefined) =>
  fsGroup === undefined ? mode : groupMode(mode, false, true);

async function writeOne(dir: string, path: string, file: PayloadFile, fsGroup: number | undefined): Promise<void> {
  const full = join(dir, path);
  if (path.includes("/")) {
    await mkdir(dirname(full), { recursive: true, mode: 0o755 });
    if (fsGroup !== undefined) await giveDirectory(dirname(full), fsGroup);
  }
  await writeFile(full, file.data, { mode: 0o600 });
  if (file.uid !== undefined || fsGroup !== undefined) await chown(full, file.uid ?? 0, fsGroup ?? 0);
  // Past the umask.
  await chmod(full, fileMode(file, fsGroup));
}

async function linkTopLevel(dir: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split("/")[0]!));
  const present = (await readdir(dir)).filter((name) => !name.startsWith(".."));
  for (const name of present) if (!wanted.has(name)) await rm(join(dir, name), { recursive: true, force: true });
  for (const name of wanted) if (!present.includes(name)) await symlink(join(DATA, name), join(dir, name));
}
