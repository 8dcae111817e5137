/**
 * A containerd of our own: configured, started detached (it and the containers outlive whoever started it), adopted when it already
 * runs, stopped cleanly.
 */
import { spawn } from "node:child_process";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { childEnvironment, realClock, sleep } from "../../shared/lib/platform.ts";
import { commandPath } from "../../shared/lib/command.ts";
import { createCri, type Cri } from "./client.ts";
import { containerdToml, hostsToml } from "./containerd-config.ts";
import { commandLine, hasCapSysResource, isAlive, isOverlay, signalProcess } from "./host.ts";

export const DEFAULT_SANDBOX_IMAGE = "registry.k8s.io/pause:3.10";
const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;
/** `sockaddr_un` holds 108 bytes, and containerd makes `<socket>.ttrpc` beside it. */
const SOCKET_PATH_LIMIT = 100;

export interface ContainerdOptions {
  /** Absolute; images and metadata live below it and survive a stop. */
  dataDir: string;
  /** Absolute; sockets, mounts and network namespaces. Default `<dataDir>/run`. */
  stateDir?: string;
  cniConfDir: string;
  cniBinDir: string;
  sandboxImage?: string;
  /** Registry host, or `_default` for all others, to mirror URLs. */
  registryMirrors?: Readonly<Record<string, readonly string[]>>;
  /** Path or name of the program. */
  binary?: string;
  signal?: AbortSignal;
}

export interface Containerd {
  pid: number;
  socket: string;
  cri: Cri;
  /** Ends the daemon; containers keep running. */
  stop(): Promise<void>;
}

export const containerdPaths = ({ dataDir, stateDir = join(dataDir, "run") }: { dataDir: string; stateDir?: string }) => ({
  root: join(dataDir, "containerd"),
  state: join(stateDir, "containerd"),
  socket: join(stateDir, "containerd.sock"),
  config: join(dataDir, "containerd.toml"),
  certsDir: join(dataDir, "certs.d"),
  log: join(dataDir, "containerd.log"),
  pidFile: join(dataDir, "containerd.pid"),
});

/** Starts containerd, or adopts the one that already runs with these settings; resolves when it answers CRI calls. */
export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const paths = containerdPaths(options);
  if (paths.socket.length > SOCKET_PATH_LIMIT) {
    throw new Error(
      `containerd: the socket path ${paths.socket} is longer than ${SOCKET_PATH_LIMIT} bytes: choose a shorter data directory`,
    );
  }
  await Promise.all([paths.root, paths.state, paths.certsDir, options.cniConfDir].map((dir) => mkdir(dir, { recursive: true })));
  const changed = await writeConfig(options, paths);
  const running = await runningPid(paths);
  if (running && changed) await stopPid(running);
  const pid = running && !changed ? running : await spawnContainerd(options.binary ?? "containerd", paths);
  const cri = createCri(paths.socket);
  try {
    await waitReady(cri, pid, paths.log, options.signal);
  } catch (error) {
    cri.close();
    if (!running) signalProcess(pid, "SIGTERM");
    throw error;
  }
  return { pid, socket: paths.socket, cri, stop: () => stopPid(pid) };
}

/** The process that runs with this data directory, if any. */
export async function runningPid(paths: { pidFile: string; config: string }): Promise<number | undefined> {
  const pid = Number(await readFile(paths.pidFile, "utf8").catch(() => ""));
  return pid > 0 && (await commandLine(pid)).includes(paths.config) ? pid : undefined;
}

async function writeConfig(options: ContainerdOptions, paths: ReturnType<typeof containerdPaths>): Promise<boolean> {
  const config = containerdToml({
    ...paths,
    cniConfDir: options.cniConfDir,
    cniBinDir: options.cniBinDir,
    sandboxImage: options.sandboxImage ?? DEFAULT_SANDBOX_IMAGE,
    restrictOomScoreAdj: !(await hasCapSysResource()),
    snapshotter: (await isOverlay(paths.root)) ? "native" : "overlayfs",
  });
  // Mirrors are read on each pull: no restart for them.
  for (const [registry, mirrors] of Object.entries(options.registryMirrors ?? {})) {
    await mkdir(join(paths.certsDir, registry), { recursive: true });
    await writeFile(join(paths.certsDir, registry, "hosts.toml"), hostsToml(registry, mirrors));
  }
  if ((await readFile(paths.config, "utf8").catch(() => "")) === config) return false;
  await writeFile(paths.config, config);
  return true;
}

async function spawnContainerd(binary: string, paths: ReturnType<typeof containerdPaths>): Promise<number> {
  // A socket file that a killed daemon left behind would answer "connection refused".
  await Promise.all([paths.socket, `${paths.socket}.ttrpc`].map((path) => rm(path, { force: true })));
  const log = await open(paths.log, "a");
  try {
    const child = spawn(binary, ["--config", paths.config], {
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      env: childEnvironment({ PATH: commandPath() }),
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (cause) => reject(new Error(`containerd: ${cause.message}`, { cause })));
    });
    child.unref();
    await writeFile(paths.pidFile, `${child.pid}\n`);
    return child.pid!;
  } finally {
    await log.close();
  }
}

async function waitReady(cri: Cri, pid: number, log: string, signal?: AbortSignal): Promise<void> {
  const end = realClock.monotonic() + READY_TIMEOUT_MS;
  for (let last: unknown; ;) {
    try {
      await cri.version({ timeoutMs: 1000, signal });
      return;
    } catch (error) {
      if (signal?.aborted) throw error;
      last = error;
    }
    if (!isAlive(pid)) throw new Error(`containerd ended at once:\n${await tail(log)}`, { cause: last });
    if (realClock.monotonic() > end) throw new Error(`containerd did not become ready:\n${await tail(log)}`, { cause: last });
    await sleep(realClock, 20, signal);
  }
}

async function tail(path: string): Promise<string> {
  return (await readFile(path, "utf8").catch(() => "")).trimEnd().split("\n").slice(-5).join("\n");
}

/** SIGTERM, then SIGKILL; resolves when the process is gone. */
export async function stopPid(pid: number): Promise<void> {
  const end = realClock.monotonic() + STOP_TIMEOUT_MS;
  signalProcess(pid, "SIGTERM");
  while (isAlive(pid)) {
    if (realClock.monotonic() > end) signalProcess(pid, "SIGKILL");
    await sleep(realClock, 20);
  }
}
