/** Images of one containerd: import of a tar, and the sandbox image, which exists without any registry. */
import { createReadStream } from "node:fs";
import { run } from "../../shared/lib/command.ts";
import { createCri, type Cri } from "./client.ts";
import { DEFAULT_SANDBOX_IMAGE } from "./containerd.ts";
import { buildImage, hostArchitecture } from "./image-build.ts";
import { snapshotterOf } from "./image-views.ts";
import { pauseElf } from "./pause-elf.ts";

/** Where CRI keeps its images and containers inside containerd. */
const CRI_NAMESPACE = "k8s.io";

/**
 * Imports an OCI or docker-archive tar (bytes, or the path of a file) and unpacks it.
 * @returns the references that it now has
 */
export async function importImage(socket: string, tar: Uint8Array | string, signal?: AbortSignal): Promise<string[]> {
  const input = typeof tar === "string" ? createReadStream(tar) : tar;
  const cri = createCri(socket);
  // ctr has a default of its own, from where CRI would have to unpack a second time.
  const snapshotter = await snapshotterOf(cri).finally(() => cri.close());
  const ctr = ["ctr", "-n", CRI_NAMESPACE, "-a", socket];
  const { stdout } = await run([...ctr, "images", "import", "--snapshotter", snapshotter, "-"], { input, signal });
  return [...stdout.matchAll(/^unpacking (\S+) /gm)].map((match) => match[1]!);
}

/** Builds and imports the sandbox image unless it is there. */
export async function ensureSandboxImage(cri: Cri, image = DEFAULT_SANDBOX_IMAGE): Promise<void> {
  if (await cri.imageStatus(image)) return;
  const files = [{ path: "/pause", content: pauseElf(hostArchitecture()), mode: 0o755 }];
  await importImage(cri.socket, await buildImage({ tag: image, files, entrypoint: ["/pause"], user: "65535:65535" }));
}
