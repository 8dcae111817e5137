/** The scheduler in a whole cluster on simulated nodes: what users see of placement, refusal and preemption. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Event, Pod, PriorityClass } from "../../src/shared/api/index.ts";
import type { Draft } from "../../src/shared/apimachinery/meta.ts";
import { startCluster, type TestCluster } from "../../src/testing/index.ts";
import { eventually } from "./cluster.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster({
    components: ["apiserver", "controllers", "scheduler", "nodes"],
    nodes: 3,
    nodeShape: { cpu: "2" },
  });
});
afterAll(() => cluster.close());

const create = (name: string, spec: Draft<Pod["spec"]>, labels: Record<string, string> = {}) =>
  cluster.client.create(Pod, {
    metadata: { name, namespace: "default", labels },
    spec: { containers: [{ name: "c", image: "none", resources: { requests: { cpu: "10m" } } }], ...spec },
  });
const nodeOf = (name: string) =>
  eventually(`${name} to have a node`, async () => (await cluster.client.get(Pod, { namespace: "default", name })).spec.nodeName);
const message = (name: string, part: string) =>
  eventually(`${name}: ${part}`, async () => {
    const { items } = await cluster.client.list(Event, { namespace: "default" });
    return items.find((e) => e.involvedObject.name === name && e.reason === "FailedScheduling" && e.message?.includes(part))
      ?.message;
  });
const clear = async () => {
  await cluster.client.deleteCollection(Pod, { namespace: "default", gracePeriodSeconds: 0 });
  await eventually("no pods", async () => (await cluster.client.list(Pod, { namespace: "default" })).items.length === 0);
};

test("pods with anti-affinity take a node each, and the fourth is told why not", async () => {
  const podAntiAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "apart" } } },
    ],
  };
  const names = ["apart-1", "apart-2", "apart-3"];
  for (const name of names) await create(name, { affinity: { podAntiAffinity } }, { app: "apart" });
  expect(new Set(await Promise.all(names.map(nodeOf))).size).toBe(3);
  await create("apart-4", { affinity: { podAntiAffinity } }, { app: "apart" });
  expect(await message("apart-4", "anti-affinity")).toContain(
    "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
  );
  await cluster.client.delete(Pod, { namespace: "default", name: "apart-1" }, { gracePeriodSeconds: 0 });
  expect(await nodeOf("apart-4")).toBeTruthy();
  await clear();
});

test("affinity follows another pod, and a hard spread keeps the skew", async () => {
  await create("leader", {}, { app: "leader" });
  const near = {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "leader" } } },
    ],
  };
  await create("follower", { affinity: { podAffinity: near } });
  expect(await nodeOf("follower")).toBe(await nodeOf("leader"));
  const constraint = {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "DoNotSchedule" as const,
    labelSelector: { matchLabels: { app: "even" } },
  };
  const names = Array.from({ length: 6 }, (_, n) => `even-${n}`);
  for (const name of names) await create(name, { topologySpreadConstraints: [constraint] }, { app: "even" });
  const counts = new Map<string, number>();
  for (const name of names) counts.set(await nodeOf(name), (counts.get(await nodeOf(name)) ?? 0) + 1);
  expect([...counts.values()]).toEqual([2, 2, 2]);
  await clear();
});

test("a pod that asks too much waits with a message; one of higher priority makes room", async () => {
  await cluster.client.create(PriorityClass, { metadata: { name: "high" }, value: 1000 });
  const cpu = (n: string) => ({ containers: [{ name: "c", image: "none", resources: { requests: { cpu: n } } }] });
  for (const n of [1, 2, 3]) {
    await create(`low-${n}`, cpu("1500m"));
    await nodeOf(`low-${n}`);
  }
  await create("waits", cpu("1"));
  expect(await message("waits", "Insufficient")).toContain(
    "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
  );
  await create("vip", { ...cpu("1"), priorityClassName: "high" });
  expect(await nodeOf("vip")).toBeTruthy();
  const left = (await cluster.client.list(Pod, { namespace: "default" })).items.filter((pod) =>
    pod.metadata.name.startsWith("low-"),
  );
  expect(left.length).toBe(2);
  await clear();
});
