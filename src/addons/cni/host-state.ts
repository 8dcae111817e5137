/**
 * What clusters changed on this machine outside of what is theirs alone: settings of the kernel, kept in /run (gone after a reboot,
 * as are the changes), and empty folders made as mount points. Undone when the last cluster goes.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { realClock, sleep } from "../../shared/lib/platform.ts";
import { makeFolders, removeMadeFolders } from "./made-folders.ts";

/** Each cluster has a folder here, a small tmpfs that pins its nodes' namespaces. */
const STATE_ROOT = "/run/knarr";
const STATE_FILE = `${STATE_ROOT}/.host.json`;
const LOCK_FILE = `${STATE_ROOT}/.lock`;
const FOLDERS_FILE = "/var/lib/knarr/host-folders.json";
const LOCK_WAIT_MS = 20_000;

interface HostState {
  /** Path below /proc/sys → value before the first cluster. */
  sysctls: Record<string, string>;
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
    writeFileSync(STATE_FILE, JSON.stringify(state)); // first: who is killed between the two has changed nothing
    writeFileSync(`/proc/sys/${path}`, value);
  }
  makeFolders(FOLDERS_FILE, change.folders ?? []);
}

/** Undoes `changeHost` when no cluster is left. */
export function restoreHost(): void {
  if (networkedClusters().length || !existsSync(STATE_ROOT)) return;
  const state = load();
  for (const [path, value] of Object.entries(state.sysctls)) writeFileSync(`/proc/sys/${path}`, value);
  removeMadeFolders(FOLDERS_FILE);
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
    return { sysctls: {} }; // none yet, or cut off while it was written
  }
}
