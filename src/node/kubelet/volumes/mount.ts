/** Mounts and unmounts through the system's own programs: Node has no such calls. */
import { open, readlink } from "node:fs/promises";
import { spawn } from "node:child_process";
import { run } from "../../../shared/lib/command.ts";
import { mountsBelow } from "../../cri/index.ts";

export async function isMountPoint(path: string): Promise<boolean> {
  return (await mountsBelow(path)).includes(path);
}

export async function mountTmpfs(path: string, options: string): Promise<void> {
  await run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path]);
}

export async function unmount(path: string): Promise<void> {
  await run(["umount", "-l", path]);
}

/**
 * Binds `source` to `target`, going through an open descriptor: between the check (`allowed`, of the path that was really opened) and the
 * mount nobody can put a link in the way.
 */
export async function bindMount(source: string, target: string, allowed: (real: string) => boolean): Promise<void> {
  const file = await open(source, "r");
  try {
    const real = await readlink(`/proc/self/fd/${file.fd}`);
    if (!allowed(real)) throw new Error(`${source} leads out of its volume`);
    await new Promise<void>((resolve, reject) => {
      const stdio = ["ignore", "ignore", "pipe", file.fd] as const;
      const child = spawn("mount", ["-c", "--bind", "/proc/self/fd/3", target], { stdio: [...stdio] });
      let said = "";
      child.stderr!.on("data", (chunk) => (said += chunk));
      child.on("error", reject);
      child.on("close", (code) =>
        code === 0 ? resolve() : reject(new Error(`mount --bind ${source} ${target}: ${said.trim()}`)),
      );
    });
  } finally {
    await file.close();
  }
}
