import { expect, test } from "vitest";
import { refusePod } from "./admission.ts";
import { hostsFile, podDns, podHostname } from "./dns.ts";
import { containerEnv, type EnvSources } from "./env.ts";
import { expand, expandStrictly, lookupIn } from "./expansion.ts";
import { container, podOf } from "./fixtures.ts";
import { qosClass } from "./qos.ts";
import { containerResources, podCgroupResources } from "./resources.ts";
import { breaksNonRoot, containerSecurityContext } from "./security.ts";

test("references are expanded where they are known", () => {
  const lookup = lookupIn(new Map([["A", "1"]]));
  expect(expand("$(A) $$(A) $(B) $A $(A", lookup)).toBe("1 $(A) $(B) $A $(A");
  expect(() => expandStrictly("$(B)", lookup)).toThrow('missing value for "B"');
});

function sources(spec: Parameters<typeof podOf>[0], rest: Partial<EnvSources> = {}): EnvSources {
  return {
    pod: podOf(spec, { labels: { b: "2", a: "1" } }),
    podIPs: ["10.0.0.1"],
    hostIPs: ["192.0.2.1"],
    allocatable: { cpu: "2", memory: "1Gi" },
    configMap: async (name) => (name === "cm" ? ({ metadata: {}, data: { K: "v" } } as never) : undefined),
    secret: async (name) =>
      name === "s" ? ({ metadata: {}, data: { P: Buffer.from("pw").toString("base64") } } as never) : undefined,
    services: [],
    ...rest,
  };
}

test("the environment of a container, from all its sources and in order", async () => {
  const spec = container("web", {
    resources: { limits: { cpu: "1500m" } },
    envFrom: [{ prefix: "CM_", configMapRef: { name: "cm" } }, { secretRef: { name: "none", optional: true } }],
    env: [
      { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "URL", value: "http://$(IP)/$(CM_K)$(LATER)" },
      { name: "LATER", value: "x" },
      { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
      { name: "MEM", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
      { name: "PW", valueFrom: { secretKeyRef: { name: "s", key: "P" } } },
      { name: "GONE", valueFrom: { configMapKeyRef: { name: "cm", key: "none", optional: true } } },
      { name: "LABELS", valueFrom: { fieldRef: { fieldPath: "metadata.labels" } } },
    ],
  });
  expect(Object.fromEntries(await containerEnv(spec, sources({})))).toEqual({
    CM_K: "v",
    IP: "10.0.0.1",
    URL: "http://10.0.0.1/v$(LATER)",
    LATER: "x",
    CPU: "2",
    MEM: "1024",
    PW: "pw",
    LABELS: 'a="1"\nb="2"',
  });
  const broken = (env: object) => containerEnv(container("web", env), sources({}));
  await expect(broken({ envFrom: [{ configMapRef: { name: "none" } }] })).rejects.toThrow('configmap "none" not found');
  await expect(broken({ env: [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "x" } } }] })).rejects.toThrow(
    "couldn't find key x in Secret ns/s",
  );
});

test("services of the namespace, and the API, are in the environment", async () => {
  const service = (namespace: string, name: string, clusterIP: string) =>
    ({ metadata: { namespace, name }, spec: { clusterIP, ports: [{ port: 80, name: "http", protocol: "TCP" }] } }) as never;
  const services = [
    service("default", "kubernetes", "10.96.0.1"),
    service("ns", "my-db", "10.96.0.2"),
    service("other", "x", "10.96.0.3"),
    service("ns", "headless", "None"),
  ];
  const env = await containerEnv(container("web"), sources({}, { services }));
  expect(env.get("MY_DB_SERVICE_PORT_HTTP")).toBe("80");
  expect(env.get("MY_DB_PORT_80_TCP")).toBe("tcp://10.96.0.2:80");
  expect([...env.keys()].filter((name) => /^(X|HEADLESS)_/.test(name))).toEqual([]);
  const without = await containerEnv(container("web"), sources({ enableServiceLinks: false }, { services }));
  expect([without.get("KUBERNETES_SERVICE_HOST"), without.has("MY_DB_PORT")]).toEqual(["10.96.0.1", false]);
});

test("quality of service and what the kernel is told of it", () => {
  const of = (resources: object) => podOf({ containers: [container("web", { resources })] });
  const guaranteed = of({ limits: { cpu: "500m", memory: "64Mi" } });
  expect([qosClass(guaranteed), qosClass(of({ requests: { cpu: "1" } })), qosClass(of({}))]).toEqual([
    "Guaranteed",
    "Burstable",
    "BestEffort",
  ]);
  expect(containerResources(guaranteed, guaranteed.spec.containers![0]!, 2 ** 30)).toEqual({
    cpu_shares: 512,
    cpu_period: 100_000,
    cpu_quota: 50_000,
    memory_limit_in_bytes: 64 * 2 ** 20,
    oom_score_adj: -997,
  });
  expect(podCgroupResources(guaranteed)).toEqual({ cpuShares: 2, cpuQuota: 50_000, memoryLimit: 64 * 2 ** 20 });
  expect(podCgroupResources(of({}))).toEqual({ cpuShares: 2 });
});

test("who a container runs as", () => {
  const pod = podOf({ securityContext: { runAsUser: 1, fsGroup: 2, supplementalGroups: [3] } });
  const web = container("web", { securityContext: { runAsGroup: 4, procMount: "Unmasked" } });
  expect(containerSecurityContext({ pod, container: web, image: { uid: 9, username: "" }, seccompRoot: "/s" })).toMatchObject({
    run_as_user: { value: 1 },
    run_as_group: { value: 4 },
    supplemental_groups: [2, 3],
    masked_paths: [],
    seccomp: { profile_type: "Unconfined" },
  });
  const nonRoot = podOf({ securityContext: { runAsNonRoot: true } });
  expect(breaksNonRoot(nonRoot, web, { uid: 0, username: "" })).toContain("image will run as root");
  expect(breaksNonRoot(nonRoot, web, { username: "www" })).toContain("non-numeric user (www)");
  expect(breaksNonRoot(nonRoot, web, { uid: 5, username: "" })).toBeUndefined();
});

test("names of a pod and where it looks others up", () => {
  const cluster = { servers: ["10.96.0.10"], domain: "cluster.local" };
  const host = { servers: ["1.1.1.1"], searches: ["corp"], options: ["ndots:1"] };
  const own = { nameservers: ["8.8.8.8"], options: [{ name: "ndots", value: "2" }, { name: "edns0" }] };
  expect(podDns(podOf({}), cluster, host)).toEqual({
    servers: ["10.96.0.10"],
    searches: ["ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp"],
    options: ["ndots:5"],
  });
  expect(podDns(podOf({ hostNetwork: true }), cluster, host)).toEqual(host);
  expect(podDns(podOf({ dnsPolicy: "None", dnsConfig: own }), cluster, host)).toEqual({
    servers: ["8.8.8.8"],
    searches: [],
    options: ["ndots:2", "edns0"],
  });
  const named = podHostname(podOf({ hostname: "h", subdomain: "sub" }), "cluster.local");
  expect(named).toEqual({ hostname: "h", domain: "sub.ns.svc.cluster.local" });
  const hosts = hostsFile({ ...named, podIPs: ["10.0.0.1"], hostAliases: [{ ip: "1.2.3.4", hostnames: ["a", "b"] }] });
  expect(hosts).toMatch(
    /10\.0\.0\.1\th\.sub\.ns\.svc\.cluster\.local\th\n\n# Entries added by HostAliases\.\n1\.2\.3\.4\ta\tb\n$/,
  );
});

test("what does not fit the node is refused, with the reason", () => {
  const node = { metadata: { name: "n", labels: { zone: "a" } } as never, spec: {} };
  const allocatable = { cpu: "2", memory: "1Gi", pods: "2" };
  const reason = (spec: Parameters<typeof podOf>[0], others = [podOf({})]) =>
    refusePod({ pod: podOf(spec), node, allocatable, others, appArmor: false })?.reason;
  expect(reason({})).toBeUndefined();
  expect(reason({}, [podOf({}), podOf({})])).toBe("OutOfpods");
  expect(reason({ containers: [container("web", { resources: { requests: { cpu: "3" } } })] })).toBe("OutOfcpu");
  expect(reason({ nodeSelector: { zone: "b" } })).toBe("NodeAffinity");
  expect(reason({ securityContext: { appArmorProfile: { type: "RuntimeDefault" } } })).toBe("AppArmor");
  expect(reason({ securityContext: { appArmorProfile: { type: "Unconfined" } } })).toBeUndefined();
  const port = { containers: [container("web", { ports: [{ containerPort: 1, hostPort: 80 }] })] };
  expect(reason(port, [podOf(port)])).toBe("NodePorts");
});
