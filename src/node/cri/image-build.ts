/**
 * Builds a container image in this process: one layer of given files, as an OCI image layout in a tar, the form that `ctr images import`
 * reads. The same files give the same bytes.
 *
 * @source OCI image-spec v1.1 (image-layout, config, manifest); containerd annotation io.containerd.image.name
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { pack, type Header, type Pack } from "tar-stream";
import type { Architecture } from "./pause-elf.ts";

/** One entry of the image's file system: a directory where it says so, a link where it has a target, otherwise a file. */
export interface ImageFile {
  /** Absolute inside the image. */
  path: string;
  content?: string | Uint8Array;
  /** A file of this machine to take the content from. */
  from?: string;
  link?: string;
  directory?: boolean;
  /** Default 0755 for directories, 0644 for files. */
  mode?: number;
  uid?: number;
  gid?: number;
}

export interface ImageDefinition {
  /** Full reference, e.g. `registry.k8s.io/pause:3.10`. */
  tag: string;
  files: readonly ImageFile[];
  entrypoint?: readonly string[];
  cmd?: readonly string[];
  env?: Readonly<Record<string, string>>;
  workingDir?: string;
  user?: string;
  exposedPorts?: readonly string[];
  labels?: Readonly<Record<string, string>>;
  architecture?: Architecture;
}

interface Blob {
  bytes: Buffer;
  digest: string;
}

export const hostArchitecture = (): Architecture => (process.arch === "arm64" ? "arm64" : "amd64");

/** The tar of the image, ready to be imported or written to a file. */
export async function buildImage(image: ImageDefinition): Promise<Buffer> {
  const layer = blob(await layerTar(image.files));
  const config = blob(json(imageConfig(image, layer.digest)));
  const manifest = blob(json(imageManifest(layer, config)));
  const tar = pack();
  const bytes = collect(tar);
  entry(tar, { name: "oci-layout" }, json({ imageLayoutVersion: "1.0.0" }));
  entry(tar, { name: "index.json" }, json(imageIndex(image, manifest)));
  for (const { digest, bytes } of [config, manifest, layer]) entry(tar, { name: `blobs/sha256/${digest.slice(7)}` }, bytes);
  tar.finalize();
  return bytes;
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function blob(bytes: Buffer): Blob {
  return { bytes, digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
}

function imageConfig(image: ImageDefinition, layerDigest: string) {
  return {
    architecture: image.architecture ?? hostArchitecture(),
    os: "linux",
    config: {
      Env: Object.entries(image.env ?? { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" }).map(
        ([k, v]) => `${k}=${v}`,
      ),
      ...(image.entrypoint && { Entrypoint: image.entrypoint }),
      ...(image.cmd && { Cmd: image.cmd }),
      ...(image.workingDir && { WorkingDir: image.workingDir }),
      ...(image.user && { User: image.user }),
      ...(image.labels && { Labels: image.labels }),
      ...(image.exposedPorts && { ExposedPorts: Object.fromEntries(image.exposedPorts.map((port) => [port, {}])) }),
    },
    rootfs: { type: "layers", diff_ids: [layerDigest] },
  };
}

function imageManifest(layer: Blob, config: Blob) {
  return {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config.digest, size: config.bytes.length },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: layer.digest, size: layer.bytes.length }],
  };
}

function imageIndex(image: ImageDefinition, manifest: Blob) {
  const annotations = { "io.containerd.image.name": image.tag, "org.opencontainers.image.ref.name": image.tag.split(":").at(-1) };
  const platform = { architecture: image.architecture ?? hostArchitecture(), os: "linux" };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  return {
    schemaVersion: 2,
    manifests: [{ mediaType, digest: manifest.digest, size: manifest.bytes.length, annotations, platform }],
  };
}

async function layerTar(files: readonly ImageFile[]): Promise<Buffer> {
  const tar = pack();
  const bytes = collect(tar);
  for (const file of withParents(files)) {
    const { uid = 0, gid = 0 } = file;
    const name = file.path.replace(/^\/+/, "");
    if (file.directory) entry(tar, { name: `${name}/`, type: "directory", mode: file.mode ?? 0o755, uid, gid });
    else if (file.link) entry(tar, { name, type: "symlink", linkname: file.link, mode: 0o777, uid, gid });
    else
      entry(
        tar,
        { name, mode: file.mode ?? 0o644, uid, gid },
        file.from ? await readFile(file.from) : Buffer.from(file.content ?? ""),
      );
  }
  tar.finalize();
  return bytes;
}

/** Adds the directories nobody named, so that their mode does not depend on who unpacks. */
function withParents(files: readonly ImageFile[]): ImageFile[] {
  const seen = new Set(files.filter((file) => file.directory).map((file) => file.path));
  const parents: ImageFile[] = [];
  for (const { path } of files) {
    const parts = path.split("/").slice(1, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const parent = `/${parts.slice(0, depth).join("/")}`;
      if (!seen.has(parent)) parents.push({ path: parent, directory: true });
      seen.add(parent);
    }
  }
  return [...parents, ...files];
}

function entry(tar: Pack, headers: Partial<Header> & { name: string }, content: Buffer = Buffer.alloc(0)): void {
  tar.entry({ mtime: new Date(0), ...headers }, content);
}

async function collect(tar: Pack): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
