/**
 * A part of a volume for one container. The container's user may own the volume and put links into it: what is mounted has to lie inside.
 *
 * @source pkg/volume/util/subpath/subpath_linux.go v1.36
 */
import { mkdir, realpath, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { bindMount, isMountPoint, unmount } from "./mount.ts";

export interface SubPathRequest {
  volumePath: string;
  subPath: string;
  /** Where the part is bound: `<pod>/volume-subpaths/<volume>/<container>/<index>`. */
  target: string;
  /** What is not there cannot be made. */
  readOnly?: boolean;
}

/** Resolves with the path to hand to the runtime. */
export async function bindSubPath({ volumePath, subPath, target, readOnly = false }: SubPathRequest): Promise<string> {
  const root = await realpath(volumePath);
  const inside = (path: string) => path === root || path.startsWith(`${root}/`);
  const source = join(root, subPath);
  await makeInside(root, source, { inside, readOnly });
  const info = await stat(source);
  await prepareTarget(target, info.isDirectory());
  await bindMount(source, target, inside);
  return target;
}

/** Makes what is missing as directories, after a look at where the last part that exists really is. */
async function makeInside(
  root: string,
  path: string,
  { inside, readOnly }: { inside(path: string): boolean; readOnly: boolean },
): Promise<void> {
  let existing = path;
  let real = await realpath(existing).catch(() => undefined);
  while (!real && existing !== root) {
    existing = dirname(existing);
    real = await realpath(existing).catch(() => undefined);
  }
  const subPath = JSON.stringify(path.slice(root.length + 1));
  if (!real || !inside(real)) throw new Error(`subpath ${subPath} not within volume path`);
  if (existing === path) return;
  if (readOnly) throw new Error(`subpath ${subPath} does not exist`);
  const { mode } = await stat(root);
  await mkdir(join(real, path.slice(existing.length)), { recursive: true, mode: mode & 0o777 });
}

/** Bound anew for each start: the volume may have been given new contents meanwhile. */
async function prepareTarget(target: string, isDirectory: boolean): Promise<void> {
  if (await isMountPoint(target)) await unmount(target);
  await rm(target, { recursive: true, force: true });
  await mkdir(isDirectory ? target : dirname(target), { recursive: true, mode: 0o750 });
  if (!isDirectory) await writeFile(target, "");
}
