/**
 * Read-only views of images as directories, for a containerd whose CRI cannot mount images itself (before 2.1): a snapshot of the kind
 * "view" on top of the image's layers, made through containerd's own API and mounted here. No copy is made.
 *
 * The snapshot is a root of containerd's garbage collection: as long as it is there, its layers stay, even if the image is removed.
 *
 * @source containerd api/services/snapshots/v1/snapshots.proto, docs/garbage-collection.md; mount/mount_linux.go (relative layers)
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { run } from "../../shared/lib/command.ts";
import { realClock } from "../../shared/lib/platform.ts";
import type { Cri } from "./client.ts";
import { connect, isCriExists, isCriNotFound, type Call } from "./connection.ts";
import { mountsBelow } from "./host.ts";

const SNAPSHOTS = `
service Snapshots {
  rpc View(ViewRequest) returns (MountsResponse); rpc Mounts(MountsRequest) returns (MountsResponse);
  rpc Remove(RemoveRequest) returns (Empty);
}
message Mount { string type = 1; string source = 2; string target = 3; repeated string options = 4; }
message ViewRequest { string snapshotter = 1; string key = 2; string parent = 3; map<string, string> labels = 4; }
message MountsRequest { string snapshotter = 1; string key = 2; }
message MountsResponse { repeated Mount mounts = 1; }
message RemoveRequest { string snapshotter = 1; string key = 2; }
message Empty {}
`;

interface Mount {
  type: string;
  source: string;
  options: string[];
}

export interface ImageView {
  /** Of the snapshot, unique on the node. */
  key: string;
  /** Where it is mounted; made if it is not there. */
  path: string;
}

/** Whether CRI takes an image as the source of a mount. Only of containerd is it known since when it does. */
export async function mountsImages(cri: Cri): Promise<boolean> {
  const { runtime_name, runtime_version } = await cri.version();
  const [major = 0, minor = 0] = runtime_version
    .replace(/^v/, "")
    .split(/[.~+-]/)
    .map(Number);
  return runtime_name !== "containerd" || major > 2 || (major === 2 && minor >= 1);
}

/** Mounts the image `ref` (as CRI names it) unless it is there already: any number of calls leave one mount. */
export async function mountImageView(cri: Cri, ref: string, { key, path }: ImageView): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  if ((await mountsBelow(path)).includes(path)) return;
  const parent = await cri.imageChainId(ref);
  const snapshotter = await snapshotterOf(cri);
  const labels = { "containerd.io/gc.root": new Date(realClock.now()).toISOString() };
  const mounts = await withSnapshots(cri, async (call) => {
    const view = call<{ mounts: Mount[] }>("View", { snapshotter, key, parent, labels });
    const answer = await view.catch((error: unknown) => {
      if (isCriExists(error)) return call<{ mounts: Mount[] }>("Mounts", { snapshotter, key });
      throw error;
    });
    return answer.mounts;
  });
  for (const mount of mounts) await mountReadOnly(mount, path);
}

/** Forgets the views of these keys, which have to be unmounted; those that are gone are no error. */
export async function removeImageViews(cri: Cri, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const snapshotter = await snapshotterOf(cri);
  const gone = (error: unknown) => {
    if (!isCriNotFound(error)) throw error;
  };
  await withSnapshots(cri, (call) => Promise.all(keys.map((key) => call("Remove", { snapshotter, key }).catch(gone))));
}

/** CRI names the directory of the snapshotter it uses: `<root>/io.containerd.snapshotter.v1.overlayfs`. */
export async function snapshotterOf(cri: Cri): Promise<string> {
  const directory = (await cri.imageFs())[0]?.fs_id?.mountpoint ?? "";
  return /\.snapshotter\.v1\.([^/]+)$/.exec(directory)?.[1] ?? "overlayfs";
}

async function withSnapshots<R>(cri: Cri, use: (call: Call) => Promise<R>): Promise<R> {
  const { call, close } = connect(cri.socket, {
    proto: SNAPSHOTS,
    package: "containerd.services.snapshots.v1",
    services: ["Snapshots"],
    headers: { "containerd-namespace": "k8s.io" },
  });
  try {
    return await use(call);
  } finally {
    close();
  }
}

async function mountReadOnly({ type, source, options }: Mount, path: string): Promise<void> {
  const { cwd, layers } = relativeLayers(options.find((option) => option.startsWith(LOWER))?.slice(LOWER.length));
  const others = options.filter((option) => !option.startsWith(LOWER) && option !== "rw" && !option.endsWith("bind"));
  const all = [...new Set([...others, ...(layers ? [LOWER + layers] : []), "ro"])].join(",");
  if (type !== "bind") return void (await run(["mount", "-t", type, "-o", all, source, path], { ...(cwd && { cwd }) }));
  await run(["mount", "--bind", source, path]);
  await run(["mount", "-o", `remount,bind,${all}`, path]);
}

const LOWER = "lowerdir=";

/** The options of a mount have to fit into one page: layers are named from the directory they share, `12/fs:7/fs`. */
export function relativeLayers(lowerdir: string | undefined): { cwd?: string; layers?: string } {
  const paths = lowerdir?.split(":") ?? [];
  const cwd = paths[0] && dirname(dirname(paths[0]));
  if (!cwd || !paths.every((path) => path.startsWith(`${cwd}/`))) return { ...(lowerdir && { layers: lowerdir }) };
  return { cwd, layers: paths.map((path) => path.slice(cwd.length + 1)).join(":") };
}
