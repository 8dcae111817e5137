/**
 * One process per data directory.
 *
 * A holder is a file `lock.<pid>.<start>`: the name says all there is to know, so creating it is the only step. Whoever comes makes
 * its own file first and looks for others afterwards: of two that come at once, at least one sees the other and gives up, and never
 * do both hold. The process's start time tells a dead holder whose number was given out again; its file is removed.
 *
 * Processes that do not see each other (two containers on one volume) are not told apart from dead ones: the volume must not be shared.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realClock, sleep } from "../../../shared/lib/platform.ts";
import { StoreOpenError } from "../types.ts";

const RETRY_MS = 25;
const LOCK_NAME = /^lock\.(\d+)\.(\d+)$/;

export interface DirectoryLock {
  release(): void;
}

/** Waits a moment for a holder that is just ending. Throws `StoreOpenError` where a living process holds the directory. */
export async function lockDirectory(directory: string, waitMs: number): Promise<DirectoryLock> {
  for (let left = waitMs; ; left -= RETRY_MS) {
    const held = tryLock(directory);
    if (!("pid" in held)) return held;
    if (left <= 0) throw new StoreOpenError(directory, `the data directory is in use by process ${held.pid}`);
    await sleep(realClock, RETRY_MS);
  }
}

/** The lock, or who has it. */
function tryLock(directory: string): DirectoryLock | Holder {
  const mine = `lock.${process.pid}.${statOf(process.pid)?.start ?? 0}`;
  const file = join(directory, mine);
  try {
    writeFileSync(file, "", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new StoreOpenError(directory, "the data directory is already open in this process", error);
  }
  const holder = othersIn(directory, mine).find(isAlive);
  if (holder !== undefined) {
    rmSync(file, { force: true });
    return holder;
  }
  for (const { name } of othersIn(directory, mine)) rmSync(join(directory, name), { force: true });
  return { release: () => rmSync(file, { force: true }) };
}

interface Holder {
  name: string;
  pid: number;
  start: number;
}

function othersIn(directory: string, mine: string): Holder[] {
  return readdirSync(directory).flatMap((name) => {
    const match = LOCK_NAME.exec(name);
    return match && name !== mine ? [{ name, pid: Number(match[1]), start: Number(match[2]) }] : [];
  });
}

function isAlive({ pid, start }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const stat = statOf(pid);
  return stat === undefined || (!stat.dead && (start === 0 || stat.start === start));
}

/**
 * Linux only. `start`: when the process started, in clock ticks since boot. `dead`: it has ended and only waits to be noticed by its parent;
 * while it has other threads, one of them may still be writing.
 * @source proc(5): fields 3 (state), 20 (threads) and 22 (start) of /proc/<pid>/stat, counted after the name in parentheses
 */
function statOf(pid: number): { start: number; dead: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { start: Number(fields[19]), dead: "ZX".includes(fields[0]!) && Number(fields[17]) <= 1 };
  } catch {
    return undefined;
  }
}
