#!/usr/bin/env node
// Replays the recorded exchanges of a real v1.36 API server (test/conformance/exchanges) against Knarr's API server alone, and prints the counts.
//   node scripts/replay.mjs [--only TEXT] [--verbose] [--json OUT] [FILE…]       FILE: generic, patch, workloads, kinds, crd, access (default: all)
// Exit status 1 where a file falls below its floor in test/conformance/floors.json; `known` there lists scenarios not meant to match, each with its reason.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values: opt, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, verbose: { type: "boolean" }, json: { type: "string" } },
});
const { floors, known } = JSON.parse(readFileSync(join(root, "test/conformance/floors.json"), "utf8"));
const names = positionals.length ? positionals : Object.keys(floors);
const scratch = mkdtempSync(join(tmpdir(), "knarr-replay-"));
const port = await new Promise((resolve) => {
  const s = createServer().listen(0, "127.0.0.1", () => {
    const { port } = s.address();
    s.close(() => resolve(port));
  });
});

mkdirSync(join(scratch, "server"));
writeFileSync(join(scratch, "cluster.json"), JSON.stringify({ name: "replay", nodeKind: "simulated", nodes: 0, port }));
writeFileSync(join(scratch, "network.json"), '{"gateway":"127.0.0.1"}');
const server = spawn(process.execPath, [join(root, "dist/knarr.js"), "apiserver", "--cluster-dir", scratch], {
  stdio: ["ignore", "ignore", "inherit"],
});
let ended = false;
server.on("exit", () => (ended = true));
process.on("exit", () => {
  server.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true });
});

const kubeconfig = join(scratch, "kubeconfig");
await untilReady();
let below = 0,
  passed = 0,
  failed = 0;
for (const name of names) {
  const report = join(scratch, `${name}.jsonl`);
  const args = [
    join(root, "test/conformance/replay.mjs"),
    "--kubeconfig",
    kubeconfig,
    "--json",
    report,
    ...(opt.verbose ? ["--verbose"] : ["--summary"]),
    ...(opt.only ? ["--only", opt.only] : []),
    join(root, `test/conformance/exchanges/${name}.json`),
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (opt.verbose) process.stdout.write(stdout);
  let rows;
  try {
    rows = readFileSync(report, "utf8")
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  } catch {
    console.error(`${name}: the replay did not finish\n${stderr}`);
    process.exit(1);
  }
  if (opt.json) writeFileSync(opt.json, rows.map((r) => `${JSON.stringify(r)}\n`).join(""), { flag: "a" });
  const counted = rows.filter((r) => !r.name.startsWith("gotext-") && !(r.name in (known ?? {})));
  const equal = rows.filter((r) => r.equal).length;
  const short = counted.filter((r) => !r.equal);
  const floor = floors[name];
  const met = opt.only || counted.length - short.length >= Math.ceil(floor * counted.length);
  console.log(
    `${name}.json: ${equal} of ${rows.length} scenarios equal${rows.length > counted.length ? ` (${counted.length - short.length} of ${counted.length} that count)` : ""}${met ? "" : `: below the floor of ${Math.round(floor * 100)} %`}`,
  );
  if (!met) {
    below++;
    for (const r of short.slice(0, 40)) console.log(`  ✗ ${r.name}: ${r.problems[0]?.slice(0, 240)}`);
  }
  passed += counted.length - short.length;
  failed += met ? 0 : short.length;
}
console.log(`${passed} passed, ${failed} failed`);
server.kill("SIGTERM");
process.exit(below ? 1 : 0);

async function untilReady() {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  process.removeAllListeners("warning");
  for (let n = 0; n < 1000 && !ended; n++) {
    try {
      if ((await fetch(`https://127.0.0.1:${port}/readyz`)).ok) return;
    } catch {
      /* not yet */
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the API server was not ready within 20 s");
}
