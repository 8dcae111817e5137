/**
 * Two nodes on this machine, each with its own containerd, agent and pod range: pods on both reach each other and every
 * Service; a custom resource is served a moment after its definition; Helm installs, upgrades, rolls back and removes a chart.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RealCluster, root, traces, until } from "./cluster.ts";

const cluster = new RealCluster("two");
const chart = join(root, "examples/chart");

beforeAll(() => cluster.up("--nodes", "2"));
afterAll(() => cluster.destroy());

const curl = (url: string) => cluster.run("curl", ["-s", "-m", "5", url]).stdout;

/** A pod on a node of our choice that serves its own name. */
function pod(name: string, node: string) {
  const container = { name: "c", image: "knarr.local/hello:v1" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: "pair" } },
    spec: { nodeSelector: { "kubernetes.io/hostname": node }, containers: [container] },
  };
}

describe("two nodes", () => {
  test("both are Ready, with pod ranges of their own", () => {
    const nodes = cluster.json("get", "nodes").items;
    expect(nodes.map((n: any) => n.metadata.name)).toEqual(["two-1", "two-2"]);
    expect(new Set(nodes.map((n: any) => n.spec.podCIDR)).size).toBe(2);
    expect(cluster.status().nodes.map((n) => n.status)).toEqual(["Ready", "Ready"]);
  });

  test("pods on both reach each other and the Service over both", async () => {
    const items = [pod("left", "two-1"), pod("right", "two-2")];
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "pair" },
      spec: { selector: { app: "pair" }, ports: [{ port: 80, targetPort: 8080 }] },
    };
    expect(
      cluster.feed(JSON.stringify({ apiVersion: "v1", kind: "List", items: [...items, service] }), "apply", "-f", "-").stderr,
    ).toBe("");
    cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s");
    const address = (name: string) => cluster.json("get", "pod", name).status.podIP as string;
    const ask = (from: string, url: string) => cluster.kubectl("exec", from, "--", "wget", "-qO-", url);
    expect(ask("left", `http://${address("right")}:8080`)).toContain("from right");
    expect(ask("right", `http://${address("left")}:8080`)).toContain("from left");
    for (const from of ["left", "right"]) {
      const answers = new Set(Array.from({ length: 20 }, () => /from (\w+)/.exec(ask(from, "http://pair"))![1]));
      expect(answers).toEqual(new Set(["left", "right"]));
    }
    const { clusterIP } = cluster.json("get", "service", "pair").spec;
    await until("the host reaches the Service", () => curl(`http://${clusterIP}`).includes("Hello from"));
    cluster.kubectl("delete", "service/pair", "pod/left", "pod/right", "--now");
  });
});

describe("helm", () => {
  const answer = () => curl(`http://${cluster.json("get", "service", "web").spec.clusterIP}`);

  test("installs, upgrades, rolls back and removes a chart", async () => {
    cluster.helm("install", "web", chart, "--wait", "--timeout", "90s");
    await until("the first greeting", () => answer().startsWith("Hello from web-"));
    cluster.helm("upgrade", "web", chart, "--set", "greeting=Servus,replicas=3", "--wait", "--timeout", "90s");
    await until("the second greeting", () => answer().startsWith("Servus from web-"));
    expect(cluster.json("get", "deployment", "web").status.readyReplicas).toBe(3);
    cluster.helm("rollback", "web", "1", "--wait", "--timeout", "90s");
    await until("the first greeting again", () => answer().startsWith("Hello from web-"));
    expect(JSON.parse(cluster.helm("history", "web", "-o", "json")).map((r: any) => r.revision)).toEqual([1, 2, 3]);
    cluster.helm("uninstall", "web", "--wait");
    await until(
      "all of it is gone",
      () => cluster.json("get", "deployments,services,pods", "-l", "app.kubernetes.io/instance=web").items.length === 0,
    );
    expect(cluster.tryKubectl("get", "deployment", "web").code).toBe(1);
  });
});

describe("a custom resource", () => {
  test("is served a moment after its definition: explained, defaulted, validated, shown, removed", async () => {
    cluster.kubectl("apply", "-f", join(root, "examples/crd/crontabs.yaml"));
    cluster.kubectl("wait", "--for=condition=Established", "crd/crontabs.stable.example.com", "--timeout=10s");
    cluster.kubectl("apply", "-f", join(root, "examples/crd/my-crontab.yaml"));
    const [item] = cluster.json("get", "crontabs").items;
    expect(item.spec.replicas).toBe(1); // a default
    await until("the explanation", () => cluster.tryKubectl("explain", "crontabs.spec").stdout.includes("cronSpec"));
    expect(cluster.kubectl("get", "ct")).toContain(item.spec.cronSpec);
    const bad = { ...item, metadata: { name: "bad" }, spec: { ...item.spec, replicas: 99 } };
    expect(cluster.feed(JSON.stringify(bad), "create", "-f", "-").stderr).toContain("no more than ten at once");
    const unknown = { ...item, metadata: { name: "unknown" }, spec: { ...item.spec, surprise: 1 } };
    expect(cluster.feed(JSON.stringify(unknown), "create", "-f", "-").stderr).toContain('unknown field "spec.surprise"');
    cluster.kubectl("delete", "crd", "crontabs.stable.example.com", "--timeout=20s");
    expect(cluster.tryKubectl("get", "crontabs").code).toBe(1);
  });
});

describe("the end", () => {
  test("down after kill -9 of both agents leaves nothing", () => {
    for (const node of cluster.status().nodes) process.kill(node.pid!, "SIGKILL");
    expect(cluster.down("--purge").code).toBe(0);
    expect(traces(cluster)).toEqual([]);
  });
});
