/**
 * Whom the files of a volume belong to.
 *
 * @source pkg/volume/volume_linux.go SetVolumeOwnership, pkg/volume/util/util.go FsUserFrom v1.36
 */
import { chmod, chown, lchown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../../shared/api/generated/core-v1.ts";
import { initContainers, regularContainers } from "../pod/containers.ts";

const SETGID = 0o2000;
const GROUP_READ_WRITE = 0o660;
const GROUP_READ = 0o440;
const GROUP_SEARCH = 0o110;
const MODE_BITS = 0o7777;

/** The user of all containers, where they all name the same one. */
export function commonUser(pod: Pod): number | undefined {
  const users = [...initContainers(pod), ...regularContainers(pod)].map(
    (container) => container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser,
  );
  return new Set(users).size === 1 ? users[0] : undefined;
}

export interface GroupOptions {
  fsGroup: number;
  readOnly: boolean;
  /** Skip when the top of the volume is already as it should be. */
  onlyOnMismatch?: boolean;
}

/** Gives a whole tree to a group: readable (and writable) by it, new files inherit it. */
export async function giveToGroup(path: string, options: GroupOptions): Promise<void> {
  if (options.onlyOnMismatch && (await matches(path, options))) return;
  await giveTree(path, options);
}

async function matches(path: string, { fsGroup, readOnly }: GroupOptions): Promise<boolean> {
  const { gid, mode } = await lstat(path);
  const wanted = SETGID | GROUP_SEARCH | (readOnly ? GROUP_READ : GROUP_READ_WRITE);
  return gid === fsGroup && (mode & wanted) === wanted;
}

async function giveTree(path: string, options: GroupOptions): Promise<void> {
  const info = await lstat(path);
  if (info.isSymbolicLink()) return lchown(path, info.uid, options.fsGroup);
  if (info.isDirectory()) for (const name of await readdir(path)) await giveTree(join(path, name), options);
  await chown(path, info.uid, options.fsGroup);
  await chmod(path, groupMode(info.mode & MODE_BITS, info.isDirectory(), options.readOnly));
}

export function groupMode(mode: number, isDirectory: boolean, readOnly: boolean): number {
  return mode | (readOnly ? GROUP_READ : GROUP_READ_WRITE) | (isDirectory ? SETGID | GROUP_SEARCH : 0);
}
