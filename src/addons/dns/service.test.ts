import { expect, test, vi } from "vitest";
import { EndpointSlice, Node, Service } from "../../shared/api/index.ts";
import { createInformerFactory, runControllers } from "../../shared/client/index.ts";
import { realPlatform } from "../../shared/lib/platform.ts";
import { startCluster } from "../../testing/index.ts";
import { DNS_NODE_PORT, dnsServiceController } from "./index.ts";
import { planSlices } from "./service.ts";

test("the Service kube-dns has every node as endpoint, and comes back when it is deleted", async () => {
  const cluster = await startCluster({ components: ["apiserver"] });
  const informers = createInformerFactory(cluster.client);
  const end = new AbortController();
  const running = runControllers(
    [dnsServiceController({ clusterDnsIp: "10.96.0.10" })],
    { client: cluster.client, informers, platform: realPlatform },
    end.signal,
  );
  try {
    const node = { metadata: { name: "n1" }, status: { addresses: [{ type: "InternalIP" as const, address: "10.89.0.2" }] } };
    await cluster.client.create(Node, node as object);
    await cluster.client.updateStatus(Node, { ...(await cluster.client.get(Node, { name: "n1" })), ...node } as object);
    const service = () => cluster.client.get(Service, { namespace: "kube-system", name: "kube-dns" });
    await vi.waitFor(service, 20_000);
    await vi.waitFor(async () => {
      const { items } = await cluster.client.list(EndpointSlice, { namespace: "kube-system" });
      expect(items[0]?.endpoints?.[0]?.addresses).toEqual(["10.89.0.2"]);
    }, 20_000);
    const { uid } = (await service()).metadata;
    await cluster.client.delete(Service, { namespace: "kube-system", name: "kube-dns" });
    await vi.waitFor(async () => expect((await service()).metadata.uid).not.toBe(uid), 20_000);
    expect((await service()).spec).toMatchObject({ clusterIP: "10.96.0.10", internalTrafficPolicy: "Local" });
  } finally {
    end.abort();
    await running;
    informers.close();
    await cluster.close();
  }
});

test("many nodes fill several slices", () => {
  const nodes = Array.from({ length: 501 }, (_, i) => ({
    metadata: { name: `n${String(i).padStart(3, "0")}` },
    status: {
      addresses: [{ type: "InternalIP", address: `10.0.${i >> 8}.${i & 255}` }],
      conditions: [{ type: "Ready", status: "True" }],
    },
  })) as unknown as Node[];
  const slices = planSlices(nodes);
  expect(slices.map(({ endpoints }) => endpoints?.length)).toEqual([500, 1]);
  expect(slices[1]).toMatchObject({
    endpoints: [{ nodeName: "n500", conditions: { ready: true } }],
    ports: [{ port: DNS_NODE_PORT }, {}],
  });
});
