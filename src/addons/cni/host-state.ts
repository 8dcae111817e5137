/**
 * What clusters changed on this machine outside of what is theirs alone: settings of the kernel and empty folders made as
 * mount points. Kept in /run (gone after a reboot, as are the changes) and undone when the last cluster goes.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { realClock, sleep } from "../../shared/lib/platform.ts";

/** Each cluster has a folder here, a small tmpfs that pins its nodes' namespaces. */
const STATE_ROOT = "/run/knarr";
const STATE_FILE = `${STATE_ROOT}/.host.json`;
const LOCK_FILE = `${STATE_ROOT}/.lock`;
const LOCK_WAIT_MS = 20_000;

interface HostState {
  /** Path below /proc/sys → value before the first cluster. */
  sysctls: Record<string, string>;
  /** Folders that were made, in that order. */
  folders: string[];
}

export function clusterStateDir(cluster: string): string {
  return `${STATE_ROOT}/${cluster}`;
}

/** Names of clusters that have state on this machine. */
function networkedClusters(): string[] {
  return existsSync(STATE_ROOT) ? readdirSync(STATE_ROOT).filter((name) => !name.startsWith(".")) : [];
}

/** Sets kernel settings and makes folders, remembering how it was before. */
export function changeHost(change: { sysctls?: Record<string, string>; folders?: readonly string[] }): void {
  const state = load();
  for (const [path, value] of Object.entries(change.sysctls ?? {})) {
    const before = readFileSync(`/proc/sys/${path}`, "utf8").trim();
    if (before === value) continue;
    state.sysctls[path] ??= before;
    writeFileSync(`/proc/sys/${path}`, value);
  }
  for (const folder of change.folders ?? []) makeFolder(folder, state.folders);
  writeFileSync(STATE_FILE, JSON.stringify(state));
}

/** Undoes `changeHost` when no cluster is left. */
export function restoreHost(): void {
  if (networkedClusters().length || !existsSync(STATE_ROOT)) return;
  const state = load();
  for (const [path, value] of Object.entries(state.sysctls)) writeFileSync(`/proc/sys/${path}`, value);
  for (const folder of state.folders.reverse()) {
    try {
      rmdirSync(folder);
    } catch (error) {
      // In use by somebody else by now, or gone already.
      if (!["ENOTEMPTY", "ENOENT", "EBUSY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  rmSync(STATE_FILE, { force: true });
}

/** One change of the machine's network at a time, whichever process makes it; a dead holder's lock is taken over. */
export async function withHostLock<T>(work: () => Promise<T>): Promise<T> {
  mkdirSync(STATE_ROOT, { recursive: true, mode: 0o755 });
  const deadline = realClock.monotonic() + LOCK_WAIT_MS;
  while (!tryLock()) {
    if (realClock.monotonic() > deadline) throw new Error(`${LOCK_FILE} is held by process ${holder()}`);
    await sleep(realClock, 20);
  }
  try {
    return await work();
  } finally {
    rmSync(LOCK_FILE, { force: true });
    if (!networkedClusters().length && !existsSync(STATE_FILE)) rmSync(STATE_ROOT, { recursive: true, force: true });
  }
}

function tryLock(): boolean {
  try {
    mkdirSync(STATE_ROOT, { recursive: true, mode: 0o755 });
    writeFileSync(LOCK_FILE, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (!["EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    const pid = holder();
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(LOCK_FILE, { force: true });
    return false;
  }
}

/** 0 where the lock is free, or was made this moment and not yet signed. */
function holder(): number {
  try {
    return Number(readFileSync(LOCK_FILE, "utf8"));
  } catch {
    return 0;
  }
}

function load(): HostState {
  try {
    return JSON.parse(readFileSync(STATE_FILE, "utf8")) as HostState;
  } catch {
    return { sysctls: {}, folders: [] }; // none yet, or cut off while it was written
  }
}

function makeFolder(folder: string, made: string[]): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is no folder`);
    return;
  }
  makeFolder(dirname(folder), made);
  mkdirSync(folder, { mode: 0o755 });
  made.push(folder);
}
