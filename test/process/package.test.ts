/** The packed npm package, installed under another prefix: its command starts a cluster, its library one inside a program. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childEnvironment } from "../../src/shared/lib/platform.ts";
import { root } from "../e2e/cluster.ts";

const scratch = mkdtempSync(join(tmpdir(), "kp-"));
const env = childEnvironment({ KNARR_HOME: join(scratch, "home"), KUBECONFIG: join(scratch, "kubeconfig") });
const run = (program: string, args: readonly string[], cwd = scratch) =>
  execFileSync(program, args, { cwd, env, encoding: "utf8", stdio: "pipe" });
const knarr = (...args: string[]) => run(join(scratch, "prefix/bin/knarr"), args);

beforeAll(() => {
  run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", scratch], root);
  const archive = join(
    scratch,
    readdirSync(scratch).find((name) => name.endsWith(".tgz"))!,
  );
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--global", "--prefix", join(scratch, "prefix"), archive]);
  writeFileSync(join(scratch, "package.json"), "{}");
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", archive]);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("it needs no other package", () => {
  expect(readdirSync(join(scratch, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["knarr"]);
});

test("its command starts, shows and removes a cluster", () => {
  try {
    knarr("up", "--name", "packed", "--simulate");
    const status = JSON.parse(knarr("status", "--name", "packed", "-o", "json"));
    expect([status.server.ready, status.nodes[0].status]).toEqual([true, "Ready"]);
  } finally {
    knarr("down", "--name", "packed", "--purge");
  }
  expect(knarr("version")).toContain("Kubernetes v1.36");
  expect(knarr("--version")).toBe(knarr("version"));
});

test("its library starts a cluster on which pods run, and leaves nothing when it is closed", () => {
  const program = `
    import { isNotFound, Pod, startCluster } from "knarr/testing";
    const cluster = await startCluster();
    const absent = await cluster.client.get(Pod, { namespace: "default", name: "p" }).catch(isNotFound);
    const spec = { containers: [{ name: "c", image: "none" }] };
    await cluster.client.create(Pod, { metadata: { name: "p", namespace: "default" }, spec });
    let pod;
    for (let n = 0; n < 1000; n++) {
      pod = await cluster.client.get(Pod, { namespace: "default", name: "p" });
      if (pod.status.conditions?.some((c) => c.type === "Ready" && c.status === "True")) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await cluster.close();
    console.log(JSON.stringify({ absent, phase: pod.status.phase, kubeconfig: cluster.kubeconfig.includes("client-key-data") }));
  `; // ends by itself: a timer or socket that was left would keep it
  writeFileSync(join(scratch, "program.mjs"), program);
  expect(JSON.parse(run(process.execPath, ["program.mjs"]))).toEqual({ absent: true, phase: "Running", kubeconfig: true });
});
