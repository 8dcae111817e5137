/** What a cluster cannot do it says at once, in words. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ComponentStatus, Pod } from "../../src/shared/api/index.ts";
import { startCluster, type TestCluster } from "../../src/testing/index.ts";
import { eventually } from "./cluster.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());

test("a simulated node has no kubelet for logs, exec, attach and port-forward", async () => {
  const at = { namespace: "default", name: "p" };
  await cluster.client.create(Pod, { metadata: at, spec: { containers: [{ name: "c", image: "none" }] } });
  await eventually("a running pod", async () => (await cluster.client.get(Pod, at)).status.phase === "Running");
  const answerOf = (subresource: string, query: Record<string, string>) =>
    cluster.client.transport.request({ method: "GET", path: `/api/v1/namespaces/default/pods/p/${subresource}`, query });
  const refusal = { code: 501, reason: "NotImplemented", message: expect.stringContaining('node "node-1" is simulated') };
  for (const [subresource, query] of Object.entries({
    log: {},
    exec: { command: "ls", stdout: "1" },
    attach: { stdout: "1" },
    portforward: { ports: "80" },
  }))
    await expect(answerOf(subresource, query as Record<string, string>)).rejects.toMatchObject({ status: refusal });
});

test("a pod that claims devices waits, and is told that none are allocated", async () => {
  const spec = { containers: [{ name: "c", image: "none" }], resourceClaims: [{ name: "gpu", resourceClaimName: "gpu" }] };
  await cluster.client.create(Pod, { metadata: { namespace: "default", name: "claims" }, spec });
  const scheduled = await eventually("a verdict", async () => {
    const { status } = await cluster.client.get(Pod, { namespace: "default", name: "claims" });
    return status.conditions?.find(({ type }) => type === "PodScheduled");
  });
  expect(scheduled).toMatchObject({
    status: "False",
    reason: "Unschedulable",
    message: expect.stringContaining("cannot allocate all claims"),
  });
});

test("component statuses tell of the store", async () => {
  const { items } = await cluster.client.list(ComponentStatus);
  expect(items).toMatchObject([
    { metadata: { name: "etcd-0" }, conditions: [{ type: "Healthy", status: "True", message: "ok" }] },
  ]);
});
