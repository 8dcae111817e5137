/** What the command line does with bad input and a machine that is not as it should be: a clear error, and nothing half done. */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RealCluster, root, traces, until } from "../e2e/cluster.ts";
import { childEnvironment } from "../../src/shared/lib/platform.ts";

const cluster = new RealCluster("faults");
const simulate = (...more: string[]) => cluster.knarr("up", "--name", cluster.name, "--simulate", ...more);
let taken: Server;
let port = 0;

beforeAll(async () => {
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  port = (taken.address() as { port: number }).port;
});
afterAll(() => {
  taken.close();
  cluster.destroy();
});

test("bad options and settings are named", () => {
  expect(cluster.knarr("up", "--name", "Bad_Name").stderr).toContain('--name "Bad_Name": must be at most 32 lower-case letters');
  expect(simulate("--nodes", "none").stderr).toContain("--nodes none: must be a whole number from 1 to 64");
  const file = join(cluster.home, "config.yaml");
  writeFileSync(file, "nodes: many\nprot: 1\n");
  const { code, stderr } = simulate("--config", file);
  expect(code).toBe(1);
  expect(stderr).toContain("nodes: must be a whole number from 1 to 64");
  expect(stderr).toContain("prot: no such setting");
  writeFileSync(file, "nodes: [1\n");
  expect(simulate("--config", file).stderr).toContain(`--config ${file}:`);
  expect(simulate("--config", "/nowhere/at/all.yaml").stderr).toContain("ENOENT");
  expect(cluster.knarr("status", "--name", "nobody").stderr).toContain('no cluster named "nobody"');
  expect(cluster.knarr("frobnicate").code).toBe(1);
  expect(cluster.knarr("apiserver", "--bogus").stderr).toMatch(/^knarr: Unknown option '--bogus'.*\n$/);
});

test("a port in use is refused before anything is started", () => {
  const { code, stderr } = simulate("--port", String(port));
  expect(code).toBe(1);
  expect(stderr).toContain(`port ${port} is in use by another program; choose one with --port`);
  expect(traces(cluster).filter((line) => !line.startsWith("process"))).toEqual([]);
});

test("a second `up` at the same time is told of the first; later ones adopt what runs", async () => {
  const env = childEnvironment({ KNARR_HOME: cluster.home, KUBECONFIG: join(cluster.home, "kubeconfig") });
  const first = spawn(process.execPath, [join(root, "dist/knarr.js"), "up", "--name", cluster.name, "--simulate"], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  first.stderr!.on("data", (chunk) => (said += chunk));
  const ended = new Promise<number | null>((resolve) => first.on("exit", resolve));
  await until("the first has begun", () => existsSync(join(cluster.home, "locks", cluster.name)));
  const second = simulate();
  expect(second.code === 0 || second.stderr.includes("is working on cluster faults; wait for it to end")).toBe(true);
  expect(await ended, said).toBe(0);
  const { pid } = cluster.status().server;
  const third = simulate();
  expect(third.code, third.stderr).toBe(0);
  expect(cluster.status().server.pid).toBe(pid);
});

test("a server that is killed comes back with everything it acknowledged", async () => {
  await cluster.up("--simulate"); // finds the tools
  const names = Array.from({ length: 20 }, (_, n) => `kept-${n}`);
  for (const name of names) cluster.kubectl("create", "configmap", name);
  const { pid } = cluster.status().server;
  process.kill(pid!, "SIGKILL");
  await until("the server is back", () => cluster.status().server.ready && cluster.status().server.pid !== pid);
  const there = cluster.json("get", "configmaps").items.map((item: any) => item.metadata.name);
  expect(there).toEqual(expect.arrayContaining(names));
});

test("a full disk costs nothing that was acknowledged, and when there is room the cluster goes on", async () => {
  cluster.down();
  const store = join(cluster.home, "clusters", cluster.name, "server/store");
  const aside = `${store}-aside`;
  renameSync(store, aside);
  mkdirSync(store);
  cluster.run("mount", ["-t", "tmpfs", "-o", "size=600k", "knarr-faults", store]);
  try {
    cpSync(aside, store, { recursive: true });
    await cluster.up("--simulate");
    const kept: string[] = [];
    const create = (name: string) => cluster.tryKubectl("create", "configmap", name, `--from-literal=a=${"x".repeat(60_000)}`);
    while (create(`full-${kept.length}`).code === 0) kept.push(`full-${kept.length}`);
    cluster.run("mount", ["-o", "remount,size=8m", store]);
    await until("a write is taken", () => create("room").code === 0);
    const there = cluster.json("get", "configmaps").items.map((item: any) => item.metadata.name);
    expect(there).toEqual(expect.arrayContaining(["kept-0", ...kept, "room"]));
  } finally {
    cluster.down();
    cluster.run("umount", [store]);
    rmSync(store, { recursive: true });
    renameSync(aside, store);
  }
  await cluster.up("--simulate");
});

test("a simulated node has no log of its own", () => {
  const { stderr } = cluster.knarr("logs", "--name", cluster.name, `${cluster.name}-1`);
  expect(stderr).toBe(`knarr: ${cluster.name}-1 is simulated: it has no agent, and the server's log is the only one\n`);
});

test("bad manifests get the server's words", () => {
  const refused = (manifest: string) => cluster.feed(manifest, "apply", "-f", "-").stderr;
  expect(
    refused("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i, imagine: 1}]}"),
  ).toContain('unknown field "spec.containers[0].imagine"');
  expect(refused("apiVersion: v9\nkind: Pod\nmetadata: {name: p}")).toContain('no matches for kind "Pod" in version "v9"');
  expect(refused("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Bad_Name}")).toContain(
    "a lowercase RFC 1123 subdomain must consist of",
  );
  expect(refused("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {a: 'b c'}}")).toContain(
    "metadata.labels: Invalid value",
  );
  expect(refused("a: [1")).toContain("error");
});

test("a damaged settings file is named, and the cluster can be removed", () => {
  cluster.down();
  const file = join(cluster.home, "clusters", cluster.name, "cluster.json");
  mkdirSync(join(cluster.home, "clusters", cluster.name), { recursive: true });
  writeFileSync(file, '{"name": ');
  const said = `knarr: ${file} is damaged; 'knarr down --purge --name ${cluster.name}' removes the cluster\n`;
  expect(cluster.knarr("status", "--name", cluster.name).stderr).toBe(said);
  expect(simulate().stderr).toBe(said);
  expect(cluster.down("--purge").code).toBe(0);
  expect(traces(cluster)).toEqual([]);
});
