/** One command at a time changes a cluster: a lock file that holds the pid of its owner; one whose owner is gone is taken over. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fail } from "../cluster/failure.ts";

export async function withLock<T>(file: string, what: string, work: () => Promise<T>): Promise<T> {
  acquire(file, what);
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}

function acquire(file: string, what: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      return writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = Number(readFileSync(file, "utf8"));
    if (isKnarr(owner)) fail(`another command (pid ${owner}) is working on ${what}; wait for it to end`);
    rmSync(file, { force: true });
  }
  fail(`${file} could not be taken`);
}

function isKnarr(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("knarr");
  } catch {
    return true; // no /proc here: the pid lives, believe it
  }
}
