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
import { StoreOpenError } from "../types.ts";

const LOCK_NAME = /^lock\.(\d+)\.(\d+)$/;

export interface DirectoryLock {
  release(): void;
}

/** Throws `StoreOpenError` where a living process holds the directory. */
export function lockDirectory(directory: string): DirectoryLock {
  const mine = `lock.${process.pid}.${startOf(process.pid) ?? 0}`;
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
    throw new StoreOpenError(directory, `the data directory is in use by process ${holder.pid}`);
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
  const now = startOf(pid);
  return now === undefined || start === 0 || now === start;
}

/** When the process started, in clock ticks since boot: field 22 of its stat, the 20th after the name in parentheses. Linux only. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return undefined;
  }
}
