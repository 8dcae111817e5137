/**
 * The processes of a node: those in its network or mount namespace or in a pod's network, and all their descendants.
 * Containers have namespaces of their own, but are children of a shim that has the node's.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { realClock, sleep } from "../../shared/lib/platform.ts";

/** Namespaces are named as the links in /proc/PID/ns read: `net:[4026531840]`. */
function processesIn(namespaces: readonly string[]): number[] {
  const wanted = new Set(namespaces);
  if (!wanted.size) return [];
  const children = new Map<number, number[]>();
  const found: number[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!pid || pid === process.pid) continue;
    const parent = parentOf(pid);
    if (parent === undefined) continue;
    children.set(parent, [...(children.get(parent) ?? []), pid]);
    if (["net", "mnt"].some((kind) => wanted.has(link(`/proc/${pid}/ns/${kind}`)))) found.push(pid);
  }
  const all = new Set(found);
  for (const pid of all) for (const child of children.get(pid) ?? []) all.add(child); // a Set also visits what is added meanwhile
  return [...all];
}

/** Kills until none is left: a process may have forked between the look and the kill. */
export async function killProcessesIn(namespaces: readonly string[], timeoutMs = 10_000): Promise<void> {
  const deadline = realClock.monotonic() + timeoutMs;
  for (;;) {
    const pids = processesIn(namespaces).filter(isAlive);
    if (!pids.length) return;
    if (realClock.monotonic() > deadline) throw new Error(`processes ${pids.join(", ")} do not end`);
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    await sleep(realClock, 10);
  }
}

/** The name of the namespace that a file is bound to. */
export function namespaceOf(kind: "net" | "mnt", pin: string): string {
  return `${kind}:[${statSync(pin).ino}]`;
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // ended meanwhile
  }
}

/** Undefined when it is gone. The name in field two may hold spaces and parentheses. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** A zombie holds nothing. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !["Z", "X"].includes(stat.slice(stat.lastIndexOf(")") + 2)[0]!);
  } catch {
    return false;
  }
}
