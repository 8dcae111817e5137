/**
 * Keeping the server and the agents alive: each runs under a few lines of shell that start it again when it dies.
 *
 * A shell loop costs 1 MiB where a supervising Node process would cost 45, and has nothing in it that can fail. The loop
 * ends when its child ends with status 0 or the `stop` file appears. Everything is detached: `up` ends, the cluster stays.
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childEnvironment, realClock, sleep } from "../shared/lib/platform.ts";

/** $1: directory of pid files and log; the rest: the command. Restarts wait 0.2 s, twice as long each time up to 5 s, and start over after a minute's run. */
const LOOP = `
dir=$1; shift; wait=1
while [ ! -e "$dir/stop" ]; do
  began=$(date +%s)
  "$@" & child=$!
  echo $child > "$dir/process.pid"
  wait $child && exit 0
  rm -f "$dir/process.pid"
  [ $(($(date +%s) - began)) -gt 60 ] && wait=1
  [ -e "$dir/stop" ] && exit 0
  sleep $((wait / 5)).$((wait % 5 * 2)); [ $wait -lt 25 ] && wait=$((wait * 2))
done`;

/** Environment variable by which a process is known as ours; its value is the directory. */
const MARK = "KNARR_PROCESS_DIR";

export interface Supervised {
  /** Holds process.pid, loop.pid and log; made if absent. */
  dir: string;
  command: readonly string[];
  /** Words in front of the shell, e.g. nsenter and its arguments. */
  prefix?: readonly string[];
  environment?: Readonly<Record<string, string>>;
}

export function logFile(dir: string): string {
  return join(dir, "log");
}

/** Starts the loop unless it runs already; resolves at once. */
export function startSupervised({ dir, command, prefix = [], environment = {} }: Supervised): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  rmSync(join(dir, "stop"), { force: true });
  if (loopPid(dir)) return;
  const orphan = processPid(dir);
  if (orphan) process.kill(orphan, "SIGKILL"); // its loop is gone, nobody would start it again
  const log = openSync(logFile(dir), "a", 0o600);
  const [program, ...args] = [...prefix, "/bin/sh", "-c", LOOP, "knarr", dir, ...command];
  const child = spawn(program!, args, {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: childEnvironment({ ...environment, [MARK]: dir }),
  });
  closeSync(log);
  writeFileSync(join(dir, "loop.pid"), `${child.pid}\n`);
  child.unref();
}

/** Pid of the running process, undefined when there is none. */
export function processPid(dir: string): number | undefined {
  return readPid(join(dir, "process.pid"), dir);
}

export function loopPid(dir: string): number | undefined {
  return readPid(join(dir, "loop.pid"), dir);
}

/** A pid counts only while /proc shows our mark in that process's environment: pids are used again. */
function readPid(file: string, dir: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, "utf8").trim());
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return isOurs(pid, dir) ? pid : undefined;
}

function isOurs(pid: number, dir: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${MARK}=${dir}`);
  } catch {
    return false; // no such process
  }
}

/** A killed process is gone this soon, unless the kernel holds it. */
const KILL_MS = 2000;

/** Ends loop and process: asks first, kills after `graceMs`. Resolves when both are gone. */
export async function stopSupervised(dir: string, graceMs = 5000): Promise<void> {
  if (!existsSync(dir)) return;
  writeFileSync(join(dir, "stop"), "");
  const loop = loopPid(dir);
  const child = processPid(dir);
  if (child) signal(child, "SIGTERM");
  if (child && !(await ended(dir, child, graceMs))) signal(child, "SIGKILL");
  if (loop) signal(loop, "SIGKILL");
  const left = processPid(dir); // one that the loop started between our look and its end
  if (left) signal(left, "SIGKILL");
  for (const pid of [child, left]) if (pid) await ended(dir, pid, KILL_MS);
  for (const name of ["process.pid", "loop.pid", "stop"]) rmSync(join(dir, name), { force: true });
}

/** Whether the process is gone within the time. */
async function ended(dir: string, pid: number, withinMs: number): Promise<boolean> {
  const deadline = realClock.monotonic() + withinMs;
  while (isOurs(pid, dir)) {
    if (realClock.monotonic() > deadline) return false;
    await sleep(realClock, 20);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
