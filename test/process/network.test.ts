/**
 * Two nodes with real CNI plugins, real nftables and an HTTP server per pod; only the API objects are made by hand. Clients
 * are the machine itself, the nodes and the pods.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  createClusterNetwork,
  createNodeNamespace,
  destroyClusterNetwork,
  runNodeNetwork,
  type ClusterNetwork,
  type NodeNamespace,
} from "../../src/addons/cni/index.ts";
import { runDns } from "../../src/addons/dns/index.ts";
import { EndpointSlice, Node, Service } from "../../src/shared/api/index.ts";
import { run, type Run } from "../../src/shared/lib/command.ts";
import { cidrAddress, parseCidr } from "../../src/shared/lib/ip.ts";
import { MemoryObjects } from "../../src/testing/memory-objects.ts";
import { removeKubeProxy, runKubeProxy } from "../../src/node/kube-proxy/index.ts";
import { service, slice, type EndpointDraft } from "../../src/node/kube-proxy/testing.ts";

const cluster = `p${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "knarr-proxy-"));
const objects = new MemoryObjects();
const end = new AbortController();
setMaxListeners(0, end.signal);
const servers: ChildProcess[] = [];
const running: Promise<void>[] = [];
let network: ClusterNetwork;
const nodes: NodeNamespace[] = [];
const pods: { name: string; ip: string; node: number; run: Run }[] = [];

const http = (address: string) => ["curl", "-s", "-m", "3", "-w", "%{http_code}", `http://${address}/`];
const serviceIp = (n: number) => cidrAddress(parseCidr(network.serviceCidr)!, n)!;
const endpoint = (pod: number, more: Partial<EndpointDraft> = {}): EndpointDraft => ({
  ip: pods[pod]!.ip,
  node: `n${pods[pod]!.node}`,
  ...more,
});

async function ask(run: Run, address: string): Promise<string> {
  const { stdout, stderr, code } = await run(http(address), { allowFailure: true });
  return code === 0 ? stdout.replace(/\s*200$/, "") : code === 7 ? "refused" : code === 28 ? "timeout" : `${code} ${stderr}`;
}

const podsThatAnswer = async (run: Run, address: string, times: number) =>
  (await Promise.all(Array.from({ length: times }, () => ask(run, address)))).sort().join(" ");

/** Waits until the objects put so far are in the kernel. */
const eventually = (answer: () => Promise<string>, wanted: string) =>
  vi.waitFor(async () => expect(await answer()).toBe(wanted), 20_000);

const common = (index: number) => ({
  informers: objects.informers,
  nodeName: `n${index}`,
  run: nodes[index]!.run,
  clusterCidr: network.podCidr,
});

beforeAll(async () => {
  network = await createClusterNetwork({ cluster });
  for (const index of [0, 1]) {
    const node = await createNodeNamespace(network, { index, nodeName: `n${index}`, dataDir: join(folder, `${index}`) });
    nodes.push(node);
    const podCidr = `${cidrAddress(parseCidr(network.podCidr)!, 256 * (index + 1))}/24`;
    objects.put(Node, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: `n${index}` },
      spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
      status: { addresses: [{ type: "InternalIP", address: node.address }] },
    } as unknown as Node);
    running.push(runNodeNetwork(common(index), end.signal));
  }
  objects.informers.informer(Service);
  objects.informers.informer(EndpointSlice);
  await objects.informers.start();
  for (const node of nodes) await vi.waitFor(() => node.run(["test", "-s", "/etc/cni/net.d/10-knarr.conflist"]), 20_000);
  for (const [name, node] of [
    ["a", 0],
    ["b", 1],
    ["c", 1],
  ] as const)
    pods.push(await startPod(name, node));
});

afterAll(async () => {
  end.abort();
  await Promise.allSettled(running);
  objects.informers.close();
  await destroyClusterNetwork(cluster);
  rmSync(folder, { recursive: true, force: true });
});

/** What a container runtime does for a sandbox: a network namespace, the CNI plugin, a process. */
async function startPod(name: string, index: number) {
  const node = nodes[index]!;
  await node.run(["ip", "netns", "add", name]);
  const { stdout } = await node.run(["cat", "/etc/cni/net.d/10-knarr.conflist"]);
  const list = JSON.parse(stdout) as { cniVersion: string; name: string; plugins: { type: string }[] };
  const variables = [
    "CNI_COMMAND=ADD",
    `CNI_CONTAINERID=${name}`,
    `CNI_NETNS=/run/netns/${name}`,
    "CNI_IFNAME=eth0",
    "CNI_PATH=/usr/lib/cni",
  ];
  const plugin = await node.run(["env", ...variables, `/usr/lib/cni/${list.plugins[0]!.type}`], {
    input: JSON.stringify({ cniVersion: list.cniVersion, name: list.name, ...list.plugins[0] }),
    allowFailure: true,
  });
  if (plugin.code !== 0) throw new Error(plugin.stdout);
  const ip = (JSON.parse(plugin.stdout) as { ips: { address: string }[] }).ips[0]!.address.split("/")[0]!;
  const inPod: Run = (argv, options) => node.run(["ip", "netns", "exec", name, ...argv], options);
  await inPod(["ip", "link", "set", "lo", "up"]);
  const web = join(folder, name);
  await run(["sh", "-c", `mkdir -p ${web} && echo ${name} > ${web}/index.html`]);
  servers.push(
    spawn(node.enter[0]!, [
      ...node.enter.slice(1),
      "ip",
      "netns",
      "exec",
      name,
      "busybox",
      "httpd",
      "-f",
      "-p",
      "8080",
      "-h",
      web,
    ]),
  );
  return { name, ip, node: index, run: inPod };
}

const port = [{ port: 8080 }];

describe.each(["nftables", "iptables"] as const)("kube-proxy on %s", (mode) => {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const proxies: Promise<void>[] = [];

  beforeAll(() => {
    for (const index of [0, 1]) {
      proxies.push(runKubeProxy({ ...common(index), mode, serviceCidrs: [network.serviceCidr], health: {} }, stop.signal));
    }
  });
  afterAll(stopProxies);

  async function stopProxies(): Promise<void> {
    stop.abort();
    await Promise.all(proxies);
  }

  describe("a Service with three pods on two nodes", () => {
    test("answers in turn on its cluster address, to the machine, to nodes, and to every pod, itself included", async () => {
      objects.put(EndpointSlice, slice("hello", [endpoint(0), endpoint(1), endpoint(2)], port));
      objects.put(Service, service("hello", { clusterIP: serviceIp(20), ports: [{ port: 80, nodePort: 30080 }] }));
      await eventually(() => podsThatAnswer(run, serviceIp(20), 6), "a a b b c c");
      await eventually(() => podsThatAnswer(nodes[1]!.run, serviceIp(20), 6), "a a b b c c");
      for (const pod of pods) expect(await podsThatAnswer(pod.run, serviceIp(20), 3)).toBe("a b c");
    });

    test("answers on its node port at every address of every node", async () => {
      for (const node of nodes) expect(await podsThatAnswer(run, `${node.address}:30080`, 3)).toBe("a b c");
      expect(await podsThatAnswer(nodes[0]!.run, "127.0.0.1:30080", 3)).toBe("a b c");
      expect(await podsThatAnswer(nodes[0]!.run, `${nodes[0]!.address}:30080`, 3)).toBe("a b c");
      expect(await podsThatAnswer(pods[0]!.run, `${nodes[1]!.address}:30080`, 3)).toBe("a b c");
    });

    test("pods reach each other, and the machine reaches them, at their own addresses", async () => {
      for (const pod of pods) {
        expect(await ask(run, `${pod.ip}:8080`)).toBe(pod.name);
        expect(await ask(pods[0]!.run, `${pod.ip}:8080`)).toBe(pod.name);
      }
    });
  });

  test("without endpoints, and on ports that no Service has, connections are refused at once", async () => {
    objects.put(Service, service("empty", { clusterIP: serviceIp(21), ports: [{ port: 80, nodePort: 30081 }] }));
    await eventually(() => ask(run, serviceIp(21)), "refused");
    expect(await ask(pods[0]!.run, serviceIp(21))).toBe("refused");
    expect(await ask(run, `${nodes[0]!.address}:30081`)).toBe("refused");
    expect(await ask(pods[0]!.run, `${serviceIp(20)}:81`)).toBe(mode === "nftables" ? "refused" : "timeout");
  });

  test("a client with session affinity stays with its pod, whichever address it takes", async () => {
    const affinity = { sessionAffinity: "ClientIP" as const, sessionAffinityConfig: { clientIP: { timeoutSeconds: 100 } } };
    objects.put(EndpointSlice, slice("sticky", [endpoint(0), endpoint(1), endpoint(2)], port));
    objects.put(Service, service("sticky", { clusterIP: serviceIp(22), ports: [{ port: 80, nodePort: 30082 }], ...affinity }));
    await eventually(async () => ((await ask(pods[0]!.run, serviceIp(22))).length === 1 ? "ok" : "no"), "ok");
    const first = await ask(pods[0]!.run, serviceIp(22));
    expect(await podsThatAnswer(pods[0]!.run, serviceIp(22), 5)).toBe(Array(5).fill(first).join(" "));
    expect(await podsThatAnswer(pods[0]!.run, `${nodes[0]!.address}:30082`, 3)).toBe(Array(3).fill(first).join(" "));
    const others = await Promise.all([nodes[0]!, pods[1]!, pods[2]!].map(({ run }) => ask(run, serviceIp(22))));
    expect(new Set(others).size).toBeGreaterThan(1);
  });

  test("externalTrafficPolicy Local uses pods of the node that was asked, and no other for strangers", async () => {
    objects.put(EndpointSlice, slice("local", [endpoint(0)], port));
    objects.put(
      Service,
      service("local", { clusterIP: serviceIp(23), ports: [{ port: 80, nodePort: 30083 }], externalTrafficPolicy: "Local" }),
    );
    await eventually(() => ask(run, `${nodes[0]!.address}:30083`), "a");
    expect(await ask(run, `${nodes[1]!.address}:30083`)).toBe("timeout");
    expect(await ask(pods[1]!.run, `${nodes[1]!.address}:30083`)).toBe("a");
    expect(await ask(nodes[1]!.run, `${nodes[1]!.address}:30083`)).toBe("a");
  });

  test("pods find Services by name, through the cluster's DNS address", async () => {
    // In place of the node's own agent, which would listen in the node, this process answers at the gateway.
    const dnsIp = serviceIp(10);
    proxies.push(
      runDns(
        { informers: objects.informers, clusterDnsIp: dnsIp, listen: [{ address: network.gateway, port: 10053 }], upstreams: [] },
        stop.signal,
      ),
    );
    objects.put(EndpointSlice, slice("kube-dns", [{ ip: network.gateway, node: "n0" }], [{ port: 10053, protocol: "UDP" }]));
    objects.put(
      Service,
      service("kube-dns", { clusterIP: dnsIp, internalTrafficPolicy: "Local", ports: [{ port: 53, protocol: "UDP" }] }),
    );
    const lookup = async (pod: number) => {
      const { stdout } = await pods[pod]!.run(["timeout", "1", "busybox", "nslookup", "hello.default.svc.cluster.local", dnsIp], {
        allowFailure: true,
      });
      return stdout.includes(`Address: ${serviceIp(20)}`) ? "found" : "not found";
    };
    await eventually(() => lookup(0), "found");
    expect(await lookup(1)).toBe("not found");
  });

  test("changes and deletions arrive, and removal leaves no rule", async () => {
    const gone = service("hello", { clusterIP: serviceIp(20), ports: [{ port: 80 }] });
    objects.put(Service, gone);
    await eventually(() => ask(run, `${nodes[0]!.address}:30080`), "refused");
    objects.remove(Service, "default/hello");
    await eventually(() => ask(run, serviceIp(20)), "timeout");
    await vi.waitFor(
      async () => expect((await nodes[0]!.run(["nft", "list", "ruleset"])).stdout).not.toContain("default/hello"),
      20_000,
    );
    await stopProxies();
    for (const node of nodes) await removeKubeProxy(node.run);
    const rules = (await nodes[0]!.run(["nft", "list", "ruleset"])).stdout;
    expect(rules).not.toMatch(/knarr-proxy|KUBE-/);
  });
});
