import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  buildImage,
  createCri,
  ensureSandboxImage,
  importImage,
  isAlive,
  mountsBelow,
  removeNodeState,
  startContainerd,
} from "./index.ts";
import type { Containerd, SandboxConfig } from "./index.ts";

let dataDir: string;
let containerd: Containerd;
const cgroupRoot = `/knarr-test-${process.pid}`;
const start = () => startContainerd({ dataDir, cniConfDir: join(dataDir, "cni"), cniBinDir: "/usr/lib/cni" });

beforeAll(async () => {
  dataDir = await mkdtemp("/tmp/knarr-cri-");
  containerd = await start();
  await ensureSandboxImage(containerd.cri);
});

afterAll(async () => {
  containerd.cri.close();
  await removeNodeState({ dataDir, cgroupRoot, purge: true });
  await rm(dataDir, { recursive: true, force: true });
});

const sandbox = (name: string): SandboxConfig => ({
  metadata: { name, uid: name, namespace: "default", attempt: 0 },
  log_directory: join(dataDir, "logs", name),
  labels: { "io.kubernetes.pod.uid": name },
  linux: { cgroup_parent: `${cgroupRoot}/pod${name}`, security_context: { namespace_options: { network: "NODE" } } },
});

async function runContainer(config: SandboxConfig, command: string[]): Promise<{ sandboxId: string; id: string }> {
  const tar = await buildImage({
    tag: "localhost/box:1",
    files: [{ path: "/bin/busybox", from: "/usr/bin/busybox", mode: 0o755 }],
  });
  await importImage(containerd.socket, tar);
  const sandboxId = await containerd.cri.runSandbox(config);
  const id = await containerd.cri.createContainer(
    sandboxId,
    {
      metadata: { name: "c", attempt: 0 },
      image: { image: "localhost/box:1" },
      command,
      log_path: "c.log",
      envs: [{ key: "A", value: "ä" }],
    },
    config,
  );
  await containerd.cri.startContainer(id);
  return { sandboxId, id };
}

test("runs a container, which survives a stop of the daemon and is adopted again", async () => {
  const { cri } = containerd;
  const { sandboxId, id } = await runContainer(sandbox("one"), ["/bin/busybox", "sleep", "600"]);
  const { stdout, exit_code } = await cri.execSync(id, ["/bin/busybox", "sh", "-c", "echo $A; exit 3"], 5_000);
  expect([stdout.toString(), exit_code]).toEqual(["ä\n", 3]);

  const again = await start();
  again.cri.close();
  expect(again.pid).toBe(containerd.pid);
  await containerd.stop();
  expect(isAlive(containerd.pid)).toBe(false);
  cri.close();
  containerd = await start();
  expect((await containerd.cri.containerStatus(id)).state).toBe("CONTAINER_RUNNING");

  await containerd.cri.stopContainer(id, 0);
  expect(await containerd.cri.containerStatus(id)).toMatchObject({ state: "CONTAINER_EXITED", exit_code: 137 });
  await containerd.cri.stopSandbox(sandboxId);
  await containerd.cri.removeSandbox(sandboxId);
  expect(await containerd.cri.listSandboxes()).toEqual([]);
});

test("nothing is left after a kill -9 and removeNodeState", async () => {
  await runContainer(sandbox("two"), ["/bin/busybox", "sleep", "600"]);
  process.kill(containerd.pid, "SIGKILL");
  await removeNodeState({ dataDir, cgroupRoot });
  expect(await mountsBelow(dataDir)).toEqual([]);
  const { listProcesses } = await import("./host.ts");
  expect((await listProcesses()).filter(({ args }) => args.some((arg) => arg.includes(dataDir)))).toEqual([]);
  containerd = await start();
  await expect(containerd.cri.listSandboxes()).resolves.toBeDefined();
});

test("a configuration that containerd refuses ends in its own words", async () => {
  const other = await mkdtemp("/tmp/knarr-cri-");
  await writeFile(join(other, "not-containerd"), "#!/bin/sh\necho cannot do this; exit 1\n", { mode: 0o755 });
  const options = { dataDir: other, cniConfDir: join(other, "cni"), cniBinDir: "/x", binary: join(other, "not-containerd") };
  await expect(startContainerd(options)).rejects.toThrow("cannot do this");
  await rm(other, { recursive: true });
  await expect(createCri(join(other, "no.sock")).version({ timeoutMs: 200 })).rejects.toThrow();
});
