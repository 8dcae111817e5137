/**
 * Paths of the node: checked against, or made as, the type that the pod names.
 *
 * @source pkg/volume/hostpath/host_path.go v1.36
 */
import { mkdir, stat, writeFile } from "node:fs/promises";
import type { Stats } from "node:fs";
import type { HostPathVolumeSource } from "../../../shared/api/generated/core-v1.ts";

const checks: Record<string, { is(info: Stats): boolean; what: string }> = {
  Directory: { is: (info) => info.isDirectory(), what: "a directory" },
  File: { is: (info) => info.isFile(), what: "a file" },
  Socket: { is: (info) => info.isSocket(), what: "a socket file" },
  CharDevice: { is: (info) => info.isCharacterDevice(), what: "a character device" },
  BlockDevice: { is: (info) => info.isBlockDevice(), what: "a block device" },
};

/** Throws where the path is not what it should be; resolves with the path. */
export async function hostPath({ path, type }: HostPathVolumeSource): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  if (type === "DirectoryOrCreate" && !info) await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === "FileOrCreate" && !info) await writeFile(path, "", { mode: 0o644, flag: "a" });
  const check = checks[type?.replace("OrCreate", "") ?? ""];
  if (check && (info || !type!.endsWith("OrCreate")) && !(info && check.is(info))) {
    throw new Error(`hostPath type check failed: ${path} is not ${check.what}`);
  }
  return path;
}
