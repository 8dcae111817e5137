#!/usr/bin/env node
// `npm run bench [-- NAME…]`: the figures of docs/performance.md, measured here and now. Medians of RUNS runs; nothing is asserted.
// Without root only what needs no containers. Load comes from h2load (Debian package nghttp2-client).
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const RUNS = Number(process.env.RUNS ?? 5);
const knarr = join(root, "dist/knarr.js");
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const show = (what, value, note = "") => console.log(`${what.padEnd(58)} ${value}${note ? `   ${note}` : ""}`);
const range = (values, unit) =>
  `${median(values).toFixed(unit === "s" ? 2 : 0)} ${unit} (${Math.min(...values).toFixed(unit === "s" ? 2 : 0)} to ${Math.max(...values).toFixed(unit === "s" ? 2 : 0)}, ${values.length} runs)`;
const scratch = mkdtempSync(join(tmpdir(), "knarr-bench-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const freePort = () =>
  new Promise((resolve) => {
    const s = createServer().listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
const get = (port, path, headers = {}) =>
  new Promise((resolve, reject) => {
    const r = request({ port, path, host: "127.0.0.1", rejectUnauthorized: false, headers }, (res) => {
      let text = "";
      res.on("data", (d) => (text += d)).on("end", () => resolve({ status: res.statusCode, text }));
    });
    r.on("error", reject).end();
  });

/** The loads of bench/api-load, and what they aim at. */
const LOADS = {
  "create-1-client": "",
  "create-64-clients": "target 4,000/s at 0.4 ms",
  "get-32-clients": "target 15,000/s at 0.06 ms",
  "list-500": "target 4 ms",
  "list-all": "",
};

/** A control plane with simulated nodes and a directory of its own, as `up` starts it. */
async function startServer({ dir = mkdtempSync(join(scratch, "server-")), nodes = 1, port, settings = {} } = {}) {
  port ??= await freePort();
  mkdirSync(join(dir, "server"), { recursive: true });
  writeFileSync(join(dir, "cluster.json"), JSON.stringify({ name: "bench", nodeKind: "simulated", nodes, port, ...settings }));
  writeFileSync(join(dir, "network.json"), '{"gateway":"127.0.0.1"}');
  const began = performance.now();
  const child = spawn(process.execPath, [knarr, "server", "--cluster-dir", dir], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (d) => (log = (log + d).slice(-4000)));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended:\n${log}`);
    try {
      if ((await get(port, "/readyz")).status === 200) break;
    } catch {
      /* not yet */
    }
    await sleep(2);
  }
  const readyMs = performance.now() - began;
  const kubeconfig = join(dir, "kubeconfig");
  return {
    dir,
    port,
    child,
    readyMs,
    kubeconfig,
    stop: (signal = "SIGTERM") =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode) return resolve();
        child.on("exit", resolve);
        child.kill(signal);
      }),
  };
}
const rssMiB = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
const cpuMs = (pid) => {
  const f = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(f[11]) + Number(f[12])) * 10;
};
const kubectl = (kubeconfig, ...args) => {
  const r = spawnSync("kubectl", ["--kubeconfig", kubeconfig, ...args], { encoding: "utf8" });
  if (r.status) throw new Error(`kubectl ${args.join(" ")}: ${r.stderr}`);
  return r.stdout;
};

const benches = {
  async start() {
    const values = [];
    const cpu = [];
    for (let i = 0; i < RUNS; i++) {
      const s = await startServer();
      values.push(s.readyMs);
      cpu.push(cpuMs(s.child.pid));
      await s.stop();
    }
    show("spawn of a fresh control plane to /readyz 200", range(values, "ms"), "target 300 ms");
    show("  CPU until then", range(cpu, "ms"));
  },
  async library() {
    const file = join(root, "dist/bench-start-cluster.mjs");
    writeFileSync(
      file,
      `const t=performance.now();const {startCluster}=await import("./testing.mjs");const c=await startCluster();await c.client.transport.request({method:"GET",path:"/api/v1/namespaces"});console.log(JSON.stringify({ms:performance.now(),rss:process.memoryUsage().rss/2**20}));await c.close();`,
    );
    const runs = Array.from({ length: RUNS }, () => JSON.parse(execFileSync(process.execPath, [file], { encoding: "utf8" })));
    rmSync(file);
    show(
      "startCluster(), cold process, to the first answer",
      range(
        runs.map((r) => r.ms),
        "ms",
      ),
      "target 600 ms",
    );
    show(
      "  resident memory then",
      range(
        runs.map((r) => r.rss),
        "MiB",
      ),
      "target 180 MiB",
    );
  },
  /** Each run on a fresh server; of each measure the median of its own. */
  async load() {
    const runs = [];
    for (let i = 0; i < RUNS; i++) {
      const s = await startServer();
      const args = ["knarr", `https://127.0.0.1:${s.port}`, String(s.child.pid), `authorization: Bearer ${tokenOf(s)}`];
      runs.push(...execFileSync(join(root, "bench/api-load"), args, { encoding: "utf8" }).trim().split("\n"));
      await s.stop();
    }
    for (const [what, note] of Object.entries(LOADS)) {
      const lines = runs.filter((line) => line.split("\t")[1] === what);
      const of = (pattern) => lines.map((line) => Number(pattern.exec(line)?.[1]));
      const rates = of(/([\d.]+) req\/s/);
      const spread = `${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)}`;
      const cpu = median(of(/([\d.]+) ms server CPU/)).toFixed(3);
      show(what, `${median(rates).toFixed(0)}/s (${spread}, ${lines.length} runs) at ${cpu} ms CPU`, note);
      const failed = of(/failed (\d+)/).reduce((sum, n) => sum + n, 0);
      if (failed) show(`  failed`, failed);
    }
    const memory = runs.map((line) => /rss after (\d+)/.exec(line)?.[1]).filter(Boolean);
    show("resident memory after it", range(memory.map(Number), "MiB"));
  },
  async crash() {
    const dir = mkdtempSync(join(scratch, "crash-"));
    let acknowledged = 0,
      lost = 0;
    for (let i = 0; i < 20; i++) {
      const s = await startServer({ dir });
      const names = await writeUntilKilled(s, i);
      const again = await startServer({ dir, port: s.port });
      const { items } = JSON.parse(
        (await get(again.port, "/api/v1/namespaces/default/configmaps", { authorization: `Bearer ${tokenOf(again)}` })).text,
      );
      const there = new Set(items.map((o) => o.metadata.name));
      acknowledged += names.length;
      lost += names.filter((n) => !there.has(n)).length;
      await again.stop();
    }
    show("kill -9 under write load, 20 times: acknowledged writes lost", `${lost} of ${acknowledged}`, "target 0");
  },
  async scale() {
    const seconds = [],
      perPod = [];
    for (let i = 0; i < Math.min(RUNS, 5); i++) {
      const s = await startServer({ nodes: 100 });
      await untilNodes(s, 100);
      const before = cpuMs(s.child.pid),
        began = performance.now();
      await call(s, "POST", "/apis/apps/v1/namespaces/default/deployments", {
        metadata: { name: "many" },
        spec: {
          replicas: 3000,
          selector: { matchLabels: { app: "many" } },
          template: {
            metadata: { labels: { app: "many" } },
            spec: { containers: [{ name: "c", image: "example/none", resources: { requests: { cpu: "1m" } } }] },
          },
        },
      });
      for (;;) {
        const bound = JSON.parse((await call(s, "GET", "/api/v1/pods?fieldSelector=spec.nodeName!=&limit=1")).text);
        if ((bound.items?.length ?? 0) + (bound.metadata.remainingItemCount ?? 0) >= 3000) break;
        const list = JSON.parse(
          (
            await call(s, "GET", "/api/v1/pods?fieldSelector=spec.nodeName!=", undefined, {
              accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            })
          ).text,
        );
        if (list.items.length >= 3000) break;
        await sleep(100);
      }
      seconds.push((performance.now() - began) / 1000);
      perPod.push((cpuMs(s.child.pid) - before) / 3000);
      await s.stop();
    }
    show("a Deployment of 3,000 on 100 simulated nodes: all bound", range(seconds, "s"), "target 6 s");
    show("  CPU a pod", `${median(perPod).toFixed(2)} ms`, "target 3 ms");
  },
  async up() {
    if (!needsRoot("up, apply, idle")) return;
    const env = { ...process.env, KNARR_HOME: join(scratch, "home"), KUBECONFIG: join(scratch, "kubeconfig") };
    const run = (...args) =>
      execFileSync(process.execPath, [knarr, ...args], { env, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
    const ups = [],
      applies = [];
    const kc = join(scratch, "home/clusters/bench/kubeconfig");
    try {
      for (let i = 0; i < RUNS; i++) {
        let began = performance.now();
        run("up", "--name", "bench");
        ups.push((performance.now() - began) / 1000);
        await sleep(3000);
        began = performance.now();
        kubectl(kc, "apply", "-f", join(root, "examples/hello/deployment.yaml"));
        kubectl(kc, "rollout", "status", "deployment/hello", "--timeout=60s");
        applies.push((performance.now() - began) / 1000);
        if (i === RUNS - 1) await idle(JSON.parse(run("status", "--name", "bench", "-o", "json")));
        run("down", "--name", "bench", "--purge");
      }
    } finally {
      spawnSync(process.execPath, [knarr, "down", "--name", "bench", "--purge"], { env });
    }
    show("knarr up, everything installed, to node Ready", range(ups, "s"), "target 4 s");
    show("kubectl apply to 3 pods Ready, image present", range(applies, "s"), "target 2 s");
  },
};

const tokenOf = (s) => (s.token ??= bearer(s));
async function call(s, method, path, body, headers = {}) {
  s.token ??= bearer(s);
  return new Promise((resolve, reject) => {
    const r = request(
      {
        port: s.port,
        host: "127.0.0.1",
        path,
        method,
        rejectUnauthorized: false,
        headers: { authorization: `Bearer ${s.token}`, "content-type": "application/json", ...headers },
      },
      (res) => {
        let text = "";
        res
          .on("data", (d) => (text += d))
          .on("end", () =>
            res.statusCode < 300
              ? resolve({ status: res.statusCode, text })
              : reject(new Error(`${method} ${path}: ${text.slice(0, 300)}`)),
          );
      },
    );
    r.on("error", reject).end(body && JSON.stringify(body));
  });
}
/** A token of a service account that may do everything. */
function bearer(s) {
  for (const args of [
    ["create", "serviceaccount", "bench", "-n", "kube-system"],
    ["create", "clusterrolebinding", "bench", "--clusterrole=cluster-admin", "--serviceaccount=kube-system:bench"],
  ])
    spawnSync("kubectl", ["--kubeconfig", s.kubeconfig, ...args], { stdio: "ignore" });
  return kubectl(s.kubeconfig, "create", "token", "bench", "-n", "kube-system").trim();
}
async function untilNodes(s, n) {
  for (;;) {
    const { items } = JSON.parse((await call(s, "GET", "/api/v1/nodes")).text);
    if (items.filter((x) => x.status.conditions?.some((c) => c.type === "Ready" && c.status === "True")).length >= n) return;
    await sleep(50);
  }
}
/** 32 writers until the server is killed; the names it acknowledged. */
async function writeUntilKilled(s, round) {
  const names = [];
  let n = 0,
    dead = false;
  s.token = bearer(s);
  const pad = "x".repeat(1600);
  const writer = async () => {
    while (!dead) {
      const name = `c-${round}-${n++}`;
      try {
        await call(s, "POST", "/api/v1/namespaces/default/configmaps", { metadata: { name }, data: { pad } });
        names.push(name);
      } catch {
        return;
      }
    }
  };
  const writers = Array.from({ length: 32 }, writer);
  await sleep(300 + Math.random() * 500);
  await s.stop("SIGKILL");
  dead = true;
  await Promise.all(writers);
  return names;
}
function needsRoot(what) {
  if (process.getuid() === 0 && existsSync("/usr/bin/containerd")) return true;
  console.log(`${what}: left out, needs root and containerd`);
  return false;
}
async function idle(status) {
  await sleep(20_000);
  const pids = [status.server.pid, status.nodes[0].pid];
  const before = pids.map(cpuMs);
  await sleep(20_000);
  const cpu = pids.map((pid, i) => (cpuMs(pid) - before[i]) / 200);
  show("idle: control plane", `${rssMiB(pids[0]).toFixed(0)} MiB, ${cpu[0].toFixed(1)} % of a core`, "target 200 MiB");
  show("idle: node agent", `${rssMiB(pids[1]).toFixed(0)} MiB, ${cpu[1].toFixed(1)} % of a core`, "target 120 MiB, together 3 %");
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in benches));
if (unknown.length) {
  console.error(`no bench named ${unknown.join(", ")}; there is: ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}
execFileSync(process.execPath, [join(root, "scripts/build.mjs")], { stdio: "inherit" });
for (const name of chosen.length ? chosen : Object.keys(benches)) {
  console.log(`-- ${name}`);
  try {
    await benches[name]();
  } catch (error) {
    console.error(`${name}: ${error.stack}`);
    process.exitCode = 1;
  }
}
