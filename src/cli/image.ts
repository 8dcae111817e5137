/** `knarr image`: importing archives, building images without Docker, listing what the nodes have. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { buildImage, containerdPaths, createCri, importImage, type ImageFile } from "../node/cri/index.ts";
import { busyboxFiles } from "../cluster/busybox-image.ts";
import { requireCluster, type Cluster } from "../cluster/settings.ts";
import { CommandError } from "../shared/lib/command.ts";
import { fail } from "../cluster/failure.ts";

interface BuildOptions {
  name: string;
  tag: string;
  entrypoint?: string;
  cmd?: string;
  env?: string[];
  busybox?: boolean;
}

export async function load(archive: string, { name }: { name: string }): Promise<void> {
  const cluster = realCluster(name);
  if (!existsSync(archive)) fail(`${archive}: no such file`);
  await importOnNodes(cluster, resolve(archive));
}

export async function build(folder: string, options: BuildOptions): Promise<void> {
  const cluster = realCluster(options.name);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) fail(`${folder}: not a folder`);
  if (existsSync(join(folder, "Dockerfile")))
    fail(`${folder} holds a Dockerfile, which is not run here: the folder itself becomes the image's file system`);
  const words = (flag: string, text: string | undefined) => {
    if (text === undefined) return undefined;
    const value = parseJson(text);
    if (!Array.isArray(value) || value.some((word) => typeof word !== "string"))
      fail(`${flag} ${text}: must be a JSON list of texts`);
    return value as string[];
  };
  const environment = Object.fromEntries(
    (options.env ?? []).map((entry) => {
      const at = entry.indexOf("=");
      return at > 0 ? [entry.slice(0, at), entry.slice(at + 1)] : fail(`--env ${entry}: must be NAME=value`);
    }),
  );
  const image = await buildImage({
    tag: qualified(options.tag),
    files: [...(options.busybox ? busyboxFiles() : []), ...filesOf(folder)],
    entrypoint: words("--entrypoint", options.entrypoint),
    cmd: words("--cmd", options.cmd),
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...environment },
  });
  const scratch = mkdtempSync(join(tmpdir(), "knarr-image-"));
  try {
    writeFileSync(join(scratch, "image.tar"), image);
    await importOnNodes(cluster, join(scratch, "image.tar"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export async function list({ name }: { name: string }): Promise<void> {
  const cluster = realCluster(name);
  for (let index = 0; index < cluster.nodes; index++) {
    const cri = createCri(runningSocket(cluster, index));
    try {
      for (const image of await cri.listImages()) {
        for (const tag of image.repo_tags)
          console.log(`${cluster.nodeName(index)}\t${tag}\t${(Number(image.size) / 2 ** 20).toFixed(1)} MiB`);
      }
    } finally {
      cri.close();
    }
  }
}

const REFERENCE = /^([A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?\/)?[a-z0-9][a-z0-9._/-]*(:\w[\w.-]{0,127})?$/;

/** `a/b` becomes `docker.io/a/b:latest`, as the kubelet will ask for it. */
function qualified(tag: string): string {
  if (!REFERENCE.test(tag)) fail(`--tag ${tag}: must be a name such as team/app:v1`);
  const [first, ...rest] = tag.split("/");
  const hosted =
    rest.length > 0 && (/[.:]/.test(first!) || first === "localhost") ? tag : `docker.io/${rest.length ? tag : `library/${tag}`}`;
  return hosted.lastIndexOf(":") > hosted.lastIndexOf("/") ? hosted : `${hosted}:latest`;
}

function filesOf(folder: string): ImageFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file)}`;
    if (entry.isDirectory()) return { path, directory: true };
    return { path, from: file, mode: statSync(file).mode & 0o7777 };
  });
}

function realCluster(name: string): Cluster {
  const cluster = requireCluster(name);
  if (cluster.nodeKind === "simulated") fail(`cluster ${name} has simulated nodes, which hold no images`);
  return cluster;
}

export function socketOf(cluster: Cluster, index: number): string {
  return containerdPaths({ dataDir: cluster.nodeDir(index) }).socket;
}

function runningSocket(cluster: Cluster, index: number): string {
  const socket = socketOf(cluster, index);
  if (!existsSync(socket)) fail(`node ${cluster.nodeName(index)} is not running: knarr up --name ${cluster.name}`);
  return socket;
}

async function importOnNodes(cluster: Cluster, archive: string): Promise<void> {
  for (let index = 0; index < cluster.nodes; index++) {
    const socket = runningSocket(cluster, index);
    for (const image of await importImage(socket, archive).catch((error: unknown) => notImported(archive, error)))
      console.log(`${cluster.nodeName(index)}: ${image}`);
  }
}

function notImported(archive: string, error: unknown): never {
  if (!(error instanceof CommandError)) throw error;
  fail(`${archive} is no image archive that containerd takes: ${error.stderr.trim()}`, error);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
