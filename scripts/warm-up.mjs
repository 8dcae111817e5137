// Starts and ends a server, so that the code cache which it leaves is there when the first figure is measured. Every process makes its
// own where none is (src/cli/launch/bundle.ts): a build without this, or one used with another Node.js, is slow at its first start only.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A server that takes longer is left alone: the build does not depend on it. */
const PATIENCE_MS = 10_000;

export async function warmUp(knarr) {
  const dir = mkdtempSync(join(tmpdir(), "knarr-build-"));
  mkdirSync(join(dir, "server"));
  writeFileSync(join(dir, "cluster.json"), JSON.stringify({ name: "build", nodeKind: "simulated", nodes: 1, port: 0 }));
  writeFileSync(join(dir, "network.json"), '{"gateway":"127.0.0.1"}');
  const server = spawn(process.execPath, [knarr, "server", "--cluster-dir", dir], { stdio: "ignore" });
  const ended = new Promise((resolve) => server.once("close", resolve).once("error", resolve));
  for (let waited = 0; waited < PATIENCE_MS && server.exitCode === null; waited += 20) {
    await sleep(20);
    if (existsSync(join(dir, "kubeconfig"))) break; // written when the API server is ready
  }
  await sleep(200); // what starts behind it
  server.kill("SIGTERM");
  await ended;
  rmSync(dir, { recursive: true, force: true });
}
