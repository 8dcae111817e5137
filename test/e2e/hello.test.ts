/** The README's demo, on one real node: every line of it, with an unmodified kubectl. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realClock, sleep } from "../../src/shared/lib/platform.ts";
import { join } from "node:path";
import { RealCluster, root, traces, until } from "./cluster.ts";

const cluster = new RealCluster("hello");
const example = join(root, "examples/hello/deployment.yaml");

beforeAll(async () => {
  await cluster.up();
  cluster.kubectl("apply", "-f", example);
  cluster.kubectl("rollout", "status", "deployment/hello", "--timeout=60s");
});
afterAll(() => cluster.destroy());

const curl = (url: string) => cluster.run("curl", ["-s", "-m", "5", url]).stdout;
const podNames = () =>
  cluster
    .json("get", "pods", "-l", "app=hello")
    .items.filter((p: any) => !p.metadata.deletionTimestamp)
    .map((p: any) => p.metadata.name) as string[];

/** Which pods answer a URL. */
function answering(url: string): Set<string> {
  return new Set(Array.from({ length: 30 }, () => /from (\S+)/.exec(curl(url))?.[1] ?? "nobody"));
}

describe("what runs", () => {
  test("kubectl get -o wide shows every kind of the demo", () => {
    const text = cluster.kubectl("get", "deploy,rs,pods,svc,endpointslices,nodes,events", "-o", "wide");
    for (const word of [
      "deployment.apps/hello",
      "replicaset.apps/hello",
      "pod/hello",
      "service/hello",
      "endpointslice",
      "node/hello-1",
      "Scheduled",
      "3/3",
    ]) {
      expect(text).toContain(word);
    }
  });

  test("kubectl describe tells a pod's story", () => {
    const text = cluster.kubectl("describe", "pod", podNames()[0]!);
    for (const word of ["Status:", "Running", "Successfully assigned", "Started", "Readiness:", "kube-api-access"])
      expect(text).toContain(word);
  });

  test("Service address and node port are answered by all three pods", () => {
    const { spec } = cluster.json("get", "service", "hello");
    const node = cluster.status().nodes[0]!.address;
    expect(answering(`http://${spec.clusterIP}`)).toEqual(new Set(podNames()));
    expect(answering(`http://${node}:${spec.ports[0].nodePort}`)).toEqual(new Set(podNames()));
  });
});

describe("inside", () => {
  test("exec: output, input and exit status", () => {
    expect(cluster.kubectl("exec", "deploy/hello", "--", "hostname").trim()).toMatch(/^hello-/);
    expect(cluster.feed("one two\n", "exec", "-i", "deploy/hello", "--", "cat").stdout).toBe("one two\n");
    expect(cluster.tryKubectl("exec", "deploy/hello", "--", "sh", "-c", "exit 3").code).toBe(3);
  });

  test("logs -f follows", async () => {
    cluster.kubectl(
      "run",
      "talker",
      "--image=knarr.local/hello:v1",
      "--restart=Never",
      "--",
      "sh",
      "-c",
      "for i in 1 2 3; do echo line $i; sleep 1; done",
    );
    await until("the pod runs", () => cluster.json("get", "pod", "talker").status.phase !== "Pending");
    expect(cluster.kubectl("logs", "-f", "talker")).toBe("line 1\nline 2\nline 3\n");
    cluster.kubectl("delete", "pod", "talker", "--now");
  });

  test("port-forward", async () => {
    const forward = cluster.background("port-forward", "deploy/hello", "38080:8080");
    try {
      await until("the port is forwarded", () => forward.output().includes("Forwarding from"));
      expect(curl("http://127.0.0.1:38080")).toContain("Hello from hello-");
    } finally {
      forward.stop();
    }
  });

  test("another pod reaches the Service by name", async () => {
    cluster.kubectl(
      "run",
      "asker",
      "--image=knarr.local/hello:v1",
      "--restart=Never",
      "--",
      "wget",
      "-qO-",
      "http://hello.default.svc.cluster.local",
    );
    await until("the pod ends", () => cluster.json("get", "pod", "asker").status.phase === "Succeeded");
    expect(cluster.kubectl("logs", "asker")).toContain("Hello from hello-");
    cluster.kubectl("delete", "pod", "asker");
  });
});

describe("change", () => {
  test("a deleted pod is replaced", async () => {
    const [victim] = podNames();
    cluster.kubectl("delete", "pod", victim!, "--wait=false");
    await until("three others", () => podNames().length === 3 && !podNames().includes(victim!));
    cluster.kubectl("rollout", "status", "deployment/hello", "--timeout=60s");
  });

  test("scale up and down", async () => {
    cluster.kubectl("scale", "deployment", "hello", "--replicas=5");
    cluster.kubectl("rollout", "status", "deployment/hello", "--timeout=60s");
    expect(podNames().length).toBe(5);
    cluster.kubectl("scale", "deployment", "hello", "--replicas=3");
    await until("three", () => podNames().length === 3);
  });

  test("a new image rolls out, and back", async () => {
    const { clusterIP } = cluster.json("get", "service", "hello").spec;
    cluster.kubectl("set", "image", "deployment/hello", "hello=knarr.local/hello:v2");
    cluster.kubectl("rollout", "status", "deployment/hello", "--timeout=90s");
    await until("v2 answers", () => curl(`http://${clusterIP}`).includes("(v2)"));
    cluster.kubectl("rollout", "undo", "deployment/hello");
    cluster.kubectl("rollout", "status", "deployment/hello", "--timeout=90s");
    await until("v1 answers", () => curl(`http://${clusterIP}`).includes("(v1)"));
  });

  test("get -w streams changes", async () => {
    const watch = cluster.background("get", "pods", "-w");
    try {
      await until("the list", () => watch.output().includes("hello-"));
      const before = watch.output().length;
      cluster.kubectl("delete", "pod", podNames()[0]!, "--wait=false");
      await until("the change", () => /Terminating|ContainerCreating/.test(watch.output().slice(before)));
    } finally {
      watch.stop();
    }
  });
});

describe("faults", () => {
  const containers = () =>
    cluster
      .json("get", "pods", "-l", "app=hello")
      .items.flatMap((p: any) => (p.status.containerStatuses ?? []).map((c: any) => c.containerID))
      .sort();

  test("kill -9 of server and agent: nothing is lost, containers run on, the cluster goes on", async () => {
    cluster.kubectl("rollout", "status", "deployment/hello", "--timeout=60s");
    await until("no pod is going", () => cluster.json("get", "pods").items.every((p: any) => !p.metadata.deletionTimestamp));
    const before = containers();
    for (const part of ["server", "agent"] as const) {
      const status = cluster.status();
      const pid = part === "server" ? status.server.pid! : status.nodes[0]!.pid!;
      process.kill(pid, "SIGKILL");
      await until(`the ${part} is back`, () => {
        const now = cluster.status();
        return part === "server" ? now.server.ready && now.server.pid !== pid : now.nodes[0]!.pid && now.nodes[0]!.pid !== pid;
      });
      expect(containers()).toEqual(before);
    }
    await sleep(realClock, 2000);
    expect(containers()).toEqual(before);
    cluster.kubectl("scale", "deployment", "hello", "--replicas=4");
    cluster.kubectl("rollout", "status", "deployment/hello", "--timeout=60s");
  });

  test("containerd killed: pods run on, it comes back, and new pods start", async () => {
    const before = containers();
    const pid = Number(readFileSync(join(cluster.home, "clusters/hello/nodes/0/containerd.pid"), "utf8"));
    process.kill(pid, "SIGKILL");
    cluster.kubectl("scale", "deployment", "hello", "--replicas=5");
    await until("the new pod is ready", () => cluster.json("get", "deployment", "hello").status.readyReplicas === 5, 60);
    expect(containers()).toEqual(expect.arrayContaining(before));
  });

  test("an absent image is told in the pod's status and events", async () => {
    cluster.kubectl("run", "absent", "--image=knarr.local/absent:v1", "--image-pull-policy=Never");
    const waiting = () => cluster.json("get", "pod", "absent").status.containerStatuses?.[0]?.state.waiting;
    await until("the reason", () => waiting()?.reason === "ErrImageNeverPull");
    cluster.kubectl("delete", "pod", "absent", "--now");
  });

  test("delete -f takes all of it away", async () => {
    cluster.kubectl("delete", "-f", example);
    await until("no pod is left", () => cluster.json("get", "pods").items.length === 0);
    expect(cluster.json("get", "replicasets").items).toEqual([]);
  });

  test("down and up again brings the state back; down --purge leaves nothing", async () => {
    cluster.kubectl("create", "configmap", "kept", "--from-literal=a=b");
    expect(cluster.down().code).toBe(0);
    expect(traces(cluster)).toEqual([]);
    await cluster.up();
    expect(cluster.json("get", "configmap", "kept").data).toEqual({ a: "b" });
    expect(cluster.down("--purge").code).toBe(0);
    expect(traces(cluster)).toEqual([]);
  });
});
