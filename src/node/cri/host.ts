/** What the host can do, read from /proc: decides how containerd is configured. */
import { readdir, readFile, statfs } from "node:fs/promises";

const CAP_SYS_RESOURCE = 24n;
const OVERLAYFS_MAGIC = 0x794c7630;

export async function hasCapSysResource(): Promise<boolean> {
  const status = await readFile("/proc/self/status", "utf8");
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  return ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

/** An overlay cannot be the upper layer of another one. */
export async function isOverlay(path: string): Promise<boolean> {
  return (await statfs(path)).type === OVERLAYFS_MAGIC;
}

/** The mount points at or below `path`, deepest first: the order in which they can be unmounted. */
export async function mountsBelow(path: string): Promise<string[]> {
  const info = await readFile("/proc/self/mountinfo", "utf8");
  const points = info
    .split("\n")
    .filter(Boolean)
    .map((line) => unescapeOctal(line.split(" ")[4]!));
  return points.filter((point) => point === path || point.startsWith(`${path}/`)).toReversed();
}

/** /proc writes blanks, tabs and backslashes in paths as `\040` and the like. */
const unescapeOctal = (path: string) =>
  path.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));

export interface ProcessInfo {
  pid: number;
  args: string[];
}

/** Every process of this PID namespace with its command line; those that end meanwhile are left out. */
export async function listProcesses(): Promise<ProcessInfo[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ({ pid, args: await commandLine(pid) })));
  return found.filter((process) => process.args.length > 0);
}

export async function commandLine(pid: number): Promise<string[]> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return line.split("\0").filter(Boolean);
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Signals a process; one that is gone already is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
