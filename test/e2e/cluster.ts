/** A real cluster for a test, through the command line a user has: own home, own kubeconfig, the kubectl and helm of the npm package. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { carried } from "../../src/cli/kubectl.ts";
import { childEnvironment, realClock, sleep } from "../../src/shared/lib/platform.ts";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Status {
  server: { pid: number | null; url: string; ready: boolean; kubeconfig: string };
  nodes: { name: string; pid: number | null; address: string; status: string }[];
}

export class RealCluster {
  readonly name: string;
  readonly home: string;
  private readonly environment: NodeJS.ProcessEnv;
  private kubectlPath = "";
  private helmPath = "";

  constructor(name: string) {
    this.name = name;
    this.home = mkdtempSync(join(tmpdir(), "kn-"));
    this.environment = childEnvironment({ KNARR_HOME: this.home, KUBECONFIG: join(this.home, "kubeconfig") });
  }

  async up(...options: string[]): Promise<void> {
    this.kubectlPath = await carried("kubectl");
    this.helmPath = await carried("helm");
    this.must(this.knarr("up", "--name", this.name, ...options), "up");
  }

  /** Takes everything away; safe in whatever state a test leaves it. */
  down(...options: string[]): Output {
    return this.knarr("down", "--name", this.name, ...options);
  }

  destroy(): void {
    this.down("--purge");
    rmSync(this.home, { recursive: true, force: true });
  }

  status(): Status {
    return JSON.parse(this.must(this.knarr("status", "--name", this.name, "-o", "json"), "status")) as Status;
  }

  knarr(...args: string[]): Output {
    return this.run(process.execPath, [join(root, "dist/knarr.js"), ...args]);
  }

  /** Standard output of kubectl; throws with its standard error where it fails. */
  kubectl(...args: string[]): string {
    return this.must(this.tryKubectl(...args), `kubectl ${args.join(" ")}`);
  }

  tryKubectl(...args: string[]): Output {
    return this.run(this.kubectlPath, args);
  }

  /** kubectl with text on its standard input. */
  feed(input: string, ...args: string[]): Output {
    return this.run(this.kubectlPath, args, input);
  }

  helm(...args: string[]): string {
    return this.must(this.run(this.helmPath, args), `helm ${args.join(" ")}`);
  }

  json<T = any>(...args: string[]): T {
    return JSON.parse(this.kubectl(...args, "-o", "json")) as T;
  }

  /** kubectl that runs until it is killed; `output()` is what it has said. */
  background(...args: string[]): { output(): string; stop(): void } {
    const child = spawn(this.kubectlPath, args, { env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (chunk) => (text += chunk));
    child.stderr.on("data", (chunk) => (text += chunk));
    return { output: () => text, stop: () => void child.kill("SIGKILL") };
  }

  run(program: string, args: readonly string[], input?: string): Output {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      env: this.environment,
      encoding: "utf8",
      timeout: 120_000,
      ...(input !== undefined && { input }),
    });
    return { code: status ?? 1, stdout, stderr: stderr || String(error ?? "") };
  }

  private must({ code, stdout, stderr }: Output, what: string): string {
    if (code !== 0) throw new Error(`${what}: ${stderr || stdout}`);
    return stdout;
  }
}

/** Asks until the answer is truthy. */
export async function until<T>(what: string, read: () => T | Promise<T>, seconds = 30): Promise<NonNullable<T>> {
  const deadline = realClock.monotonic() + seconds * 1000;
  for (;;) {
    const value = await read();
    if (value) return value as NonNullable<T>;
    if (realClock.monotonic() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(realClock, 100);
  }
}

/** What of a cluster's is on the machine: everything a `down` has to take away. */
export function traces(cluster: RealCluster): string[] {
  const out = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: "utf8" }).stdout ?? "";
  const marks = [cluster.home, `knarr-${cluster.name}`, `-${cluster.name}-`, `knb-${cluster.name}`];
  const mine = (text: string) => text.split("\n").filter((line) => marks.some((mark) => line.includes(mark)));
  const processes = mine(out("ps", "-eo", "pid,args")).filter(
    (line) => !line.includes(`${process.pid} `) && !/\bps -eo\b|vitest/.test(line),
  );
  return [
    ...processes.map((line) => `process ${line}`),
    ...mine(out("cat", "/proc/self/mounts")).map((line) => `mount ${line}`),
    ...mine(out("ip", "-o", "link")).map((line) => `interface ${line}`),
    ...mine(out("nft", "list", "tables")).map((line) => `rule ${line}`),
    ...mine(out("find", "/sys/fs/cgroup", "-maxdepth", "3", "-type", "d", "-name", `*knarr-${cluster.name}*`)).map(
      (line) => `cgroup ${line}`,
    ),
  ];
}
