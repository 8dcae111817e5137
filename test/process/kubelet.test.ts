/** The kubelet on a real containerd, against an API server in this process: pods as clients see them, and what is left of them. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { runApiServer, type RunningApiServer } from "../../src/control-plane/apiserver/main.ts";
import { freePort } from "../../src/testing/free-port.ts";
import {
  buildImage,
  ensureSandboxImage,
  importImage,
  mountsBelow,
  removeNodeState,
  startContainerd,
} from "../../src/node/cri/index.ts";
import type { Containerd } from "../../src/node/cri/index.ts";
import { runKubelet } from "../../src/node/kubelet/index.ts";
import { ConfigMap } from "../../src/shared/api/core/config-map.ts";
import { Event } from "../../src/shared/api/core/event.ts";
import { Node } from "../../src/shared/api/core/node.ts";
import { Pod } from "../../src/shared/api/core/pod.ts";
import { ServiceAccount } from "../../src/shared/api/core/service-account.ts";
import type { PodSpec } from "../../src/shared/api/generated/core-v1.ts";
import { createClient, httpsTransport, type Client } from "../../src/shared/client/index.ts";
import { openClusterPki, type ClusterPki } from "../../src/shared/component/pki/index.ts";
import { run as command } from "../../src/shared/lib/command.ts";
import { realClock, realPlatform, sleep } from "../../src/shared/lib/platform.ts";

const cgroupRoot = `/knarr-test-kubelet-${process.pid}`;
let dir: string;
let pki: ClusterPki;
let api: RunningApiServer;
let client: Client;
let containerd: Containerd;
let port: number;
let stopKubelet: () => Promise<void>;

beforeAll(async () => {
  dir = await mkdtemp("/tmp/knarr-kubelet-");
  port = await freePort();
  pki = openClusterPki(join(dir, "pki"), realPlatform);
  api = await runApiServer({ pki, port: 0 });
  client = createClient(api.server.transport({ name: "admin", groups: ["system:masters"] }));
  await mkdir(join(dir, "cni"), { recursive: true });
  await writeFile(join(dir, "cni", "10.conflist"), conflist());
  containerd = await startContainerd({ dataDir: dir, cniConfDir: join(dir, "cni"), cniBinDir: "/usr/lib/cni" });
  await ensureSandboxImage(containerd.cri);
  const applets = ["sh", "sleep", "cat", "echo", "httpd", "mkdir", "true"].map((name) => ({
    path: `/bin/${name}`,
    link: "busybox",
  }));
  const files = [{ path: "/bin/busybox", from: "/usr/bin/busybox", mode: 0o755 }, ...applets];
  await importImage(containerd.socket, await buildImage({ tag: "docker.io/library/box:1", files }));
  await client.create(ServiceAccount, { metadata: { namespace: "default", name: "default" } });
  await client.create(ConfigMap, {
    metadata: { namespace: "default", name: "kube-root-ca.crt" },
    data: { "ca.crt": pki.cluster.certPem },
  });
  startKubelet();
  await until(
    async () => (await client.list(Node)).items[0]?.status.conditions?.find(({ type }) => type === "Ready")?.status === "True",
  );
});

afterAll(async () => {
  await stopKubelet?.();
  containerd?.cri.close();
  await api?.close();
  await removeNodeState({ dataDir: dir, cgroupRoot, mountDirs: [dir], purge: true });
  await rm(dir, { recursive: true, force: true });
});

/** One veth pair a pod: nothing is left when pods are gone. */
function conflist(): string {
  const subnet = `10.198.${process.pid % 250}.0/24`;
  const ipam = { type: "host-local", dataDir: join(dir, "ipam"), ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] };
  return JSON.stringify({ cniVersion: "1.0.0", name: "test", plugins: [{ type: "ptp", ipam }] });
}

function startKubelet(): void {
  const abort = new AbortController();
  const { cert, key } = pki.kubeletClient("n1");
  const serving = pki.kubeletServer("n1", { dns: [], ips: ["127.0.0.1"] });
  const own = createClient(httpsTransport({ server: api.url, ca: pki.cluster.certPem, cert, key }));
  const running = runKubelet(
    {
      client: own,
      cri: containerd.cri,
      nodeName: "n1",
      nodeIPs: ["127.0.0.1"],
      rootDir: join(dir, "kubelet"),
      podLogsDir: join(dir, "pod-logs"),
      cgroupRoot,
      clusterDns: ["10.96.0.10"],
      clusterDomain: "cluster.local",
      server: { port, ...serving, clientCa: pki.cluster.certPem },
    },
    abort.signal,
  );
  stopKubelet = async () => {
    abort.abort();
    await running.catch(() => {});
    own.transport.close();
  };
}

async function until(condition: () => Promise<boolean>, seconds = 40): Promise<void> {
  for (const end = realClock.monotonic() + seconds * 1000; !(await condition()); await sleep(realClock, 50)) {
    if (realClock.monotonic() > end) throw new Error(`not so after ${seconds} s: ${condition}`);
  }
}

const at = (name: string) => ({ namespace: "default", name });

async function run(name: string, spec: Partial<PodSpec>): Promise<void> {
  const metadata = { namespace: "default", name };
  await client.create(Pod, { metadata, spec: { nodeName: "n1", terminationGracePeriodSeconds: 1, ...spec } as PodSpec });
}

const ready = async (name: string) =>
  (await client.get(Pod, at(name))).status.conditions?.find(({ type }) => type === "Ready")?.status === "True";

/** Runs a command over a v5 WebSocket: sends the input, closes stdin, resolves with what came out and the exit status. */
function exec(pod: string, command: string[], input: string): Promise<{ stdout: string; status: Record<string, any> }> {
  const query = new URLSearchParams([
    ["stdin", "1"],
    ["stdout", "1"],
    ...command.map((part) => ["command", part] as [string, string]),
  ]);
  const url = `${api.url.replace("https", "wss")}/api/v1/namespaces/default/pods/${pod}/exec?${query}`;
  const ws = new WebSocket(url, ["v5.channel.k8s.io"], { ...pki.clientOf("admin"), ca: pki.cluster.certPem });
  const output: Record<number, string> = { 1: "", 3: "" };
  return new Promise((resolve, reject) => {
    ws.on("open", () => {
      ws.send(Buffer.concat([Buffer.from([0]), Buffer.from(input)]));
      ws.send(Buffer.from([255, 0]));
    });
    ws.on("message", (message: Buffer) => (output[message[0]!] += message.subarray(1).toString()));
    ws.on("error", reject);
    ws.on("close", () => resolve({ stdout: output[1]!, status: JSON.parse(output[3] || "{}") }));
  });
}

test("a pod with volumes, an init container and probes becomes ready; its log and its shell answer", async () => {
  await client.create(ConfigMap, { metadata: at("cm"), data: { key: "value" } });
  const script = "cat /cm/key /shared/init; mkdir /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www";
  const shared = { name: "shared", mountPath: "/shared" };
  await run("web", {
    volumes: [
      { name: "cm", configMap: { name: "cm" } },
      { name: "shared", emptyDir: {} },
    ],
    initContainers: [
      { name: "init", image: "box:1", command: ["sh", "-c", "echo -init > /shared/init"], volumeMounts: [shared], resources: {} },
    ],
    containers: [
      {
        name: "web",
        image: "box:1",
        command: ["sh", "-c", script],
        ports: [{ containerPort: 8080 }],
        readinessProbe: { httpGet: { port: 8080, path: "/" } },
        volumeMounts: [shared, { name: "cm", mountPath: "/cm" }],
        resources: { limits: { memory: "32Mi" } },
      },
    ],
  });
  await until(() => ready("web"));
  const log = await client.transport.request({ method: "GET", path: "/api/v1/namespaces/default/pods/web/log" });
  expect(log.body).toBe("value-init\n");
  const { stdout, status } = await exec("web", ["sh", "-c", "cat; exit 7"], "through");
  expect(stdout).toBe("through");
  expect(status).toMatchObject({
    status: "Failure",
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: "7" }] },
  });

  await client.patch(ConfigMap, at("cm"), "merge", { data: { key: "changed" } });
  await until(async () => (await exec("web", ["cat", "/cm/key"], "")).stdout === "changed");
});

const reasonOf = async (name: string) =>
  (await client.get(Pod, at(name))).status.containerStatuses?.[0]?.state.waiting?.reason ?? "";

test("an image is a volume: read-only, whole or in part; what cannot be had is said", async () => {
  const files = [
    { path: "/data.json", content: "data\n" },
    { path: "/dir/inner", content: "inner\n" },
  ];
  await importImage(containerd.socket, await buildImage({ tag: "docker.io/library/data:1", files }));
  const pod = (reference: string, subPath: string): Partial<PodSpec> => ({
    volumes: [{ name: "data", image: { reference, pullPolicy: "Never" } }],
    containers: [
      {
        name: "c",
        image: "box:1",
        command: ["sleep", "600"],
        volumeMounts: [
          { name: "data", mountPath: "/whole" },
          { name: "data", mountPath: "/part", subPath },
        ],
        resources: {},
      },
    ],
  });
  await run("image", pod("data:1", "dir"));
  await run("no-image", pod("absent:1", "dir"));
  await run("no-part", pod("data:1", "absent"));
  await until(() => ready("image"));
  const read = "cat /whole/data.json /part/inner; echo > /whole/x 2>/dev/null || echo read-only";
  expect((await exec("image", ["sh", "-c", read], "")).stdout).toBe("data\ninner\nread-only\n");
  await until(async () => (await reasonOf("no-image")) === "ErrImageNeverPull");
  await until(async () => (await reasonOf("no-part")) === "CreateContainerError");
});

test("a restart of the kubelet does not touch what runs", async () => {
  const before = (await client.get(Pod, at("web"))).status;
  await stopKubelet();
  startKubelet();
  await client.patch(ConfigMap, at("cm"), "merge", { data: { key: "after" } });
  // Until it listens again, the kubelet refuses connections.
  const content = () => exec("web", ["cat", "/cm/key"], "").then(({ stdout }) => stdout, String);
  await until(async () => (await content()) === "after");
  const after = (await client.get(Pod, at("web"))).status;
  expect(after.containerStatuses).toEqual(before.containerStatuses);
  expect(after.conditions).toEqual(before.conditions);
});

test("what this node cannot do is said, not left out", async () => {
  const containers = [{ name: "c", image: "box:1", command: ["sleep", "600"], resources: {} }];
  await run("mapped", { containers, hostUsers: false });
  await run("claims", { containers, resourceClaims: [{ name: "gpu", resourceClaimName: "gpu" }] });
  const told = async (name: string, reason: string) =>
    (await client.list(Event, { namespace: "default" })).items.find(
      (event) => event.involvedObject.name === name && event.reason === reason,
    )?.message;
  await until(async () => !!(await told("mapped", "FailedCreatePodSandBox"))?.includes("does not support user namespaces"));
  await until(async () => !!(await told("claims", "FailedPrepareDynamicResources")));
});

test("a container that fails waits longer each time and says why", async () => {
  const command = ["sh", "-c", "echo last words > /dev/termination-log; exit 3"];
  await run("crash", { containers: [{ name: "c", image: "box:1", command, resources: {} }] });
  const status = async () => (await client.get(Pod, at("crash"))).status.containerStatuses?.[0];
  await until(async () => (await status())?.state.waiting?.reason === "CrashLoopBackOff");
  expect((await status())!.lastState.terminated).toMatchObject({ exitCode: 3, message: "last words\n" });
});

test("deleted pods leave nothing", async () => {
  const { items } = await client.list(Pod);
  await Promise.all(items.map(({ metadata: { name } }) => client.delete(Pod, at(name))));
  await until(async () => (await client.list(Pod)).items.length === 0);
  await until(async () => (await containerd.cri.listSandboxes()).length === 0);
  await until(async () => (await readdir(join(dir, "kubelet", "pods"))).length === 0);
  expect(await readdir(join(dir, "pod-logs"))).toEqual([]);
  expect((await mountsBelow(dir)).filter((path) => path.includes("/pods/"))).toEqual([]);
  const { stdout } = await command(["ctr", "-n", "k8s.io", "-a", containerd.socket, "snapshots", "ls"]);
  expect(stdout).not.toContain("knarr/");
});
