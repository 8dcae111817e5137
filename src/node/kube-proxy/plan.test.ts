import { expect, test } from "vitest";
import { planPort } from "./plan.ts";
import { servicePorts } from "./service-port.ts";
import { service, slice, type EndpointDraft } from "./testing.ts";

function plan(spec: Parameters<typeof service>[1], endpoints: EndpointDraft[], zone?: string) {
  const [port] = servicePorts({
    service: service("s", { clusterIP: "10.96.0.9", ports: [{ port: 80, nodePort: 30000 }], ...spec }),
    slices: [slice("s", endpoints, [{ port: 80 }])],
    family: 4,
    nodeName: "here",
  });
  const { cluster, local, internal, external, servesExternal } = planPort(port!, { nodeName: "here", zone });
  const ips = (list: readonly { ip: string }[]) => list.map(({ ip }) => ip).join(" ");
  return { cluster: ips(cluster), local: ips(local), internal, external, servesExternal };
}

const here = { ip: "10.0.0.1", node: "here" };
const there = { ip: "10.0.0.2", node: "there" };

test("every ready endpoint, and only those", () => {
  expect(plan({}, [here, there, { ip: "10.0.0.3", ready: false }])).toMatchObject({
    cluster: "10.0.0.1 10.0.0.2",
    internal: "cluster",
  });
});

test("without any endpoint traffic is refused, without a local one it is dropped", () => {
  expect(plan({}, [])).toMatchObject({ internal: "reject", external: "reject", servesExternal: false });
  expect(plan({ internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" }, [there])).toEqual({
    cluster: "10.0.0.2",
    local: "",
    internal: "drop",
    external: "drop",
    servesExternal: true,
  });
});

test("endpoints that end serve as long as no ready one is left, per policy", () => {
  const ending = { ready: false, serving: true, terminating: true };
  expect(plan({}, [{ ...here, ...ending }])).toMatchObject({ cluster: "10.0.0.1", internal: "cluster" });
  expect(plan({ externalTrafficPolicy: "Local" }, [{ ...here, ...ending }, there])).toMatchObject({
    cluster: "10.0.0.2",
    local: "10.0.0.1",
    external: "local",
  });
});

test("zone hints hold when all ready endpoints carry them and the zone has one", () => {
  const endpoints = [
    { ...here, zones: ["a"] },
    { ...there, zones: ["b"] },
  ];
  expect(plan({}, endpoints, "b").cluster).toBe("10.0.0.2");
  expect(plan({}, endpoints, "c").cluster).toBe("10.0.0.1 10.0.0.2");
  expect(plan({}, [...endpoints, { ip: "10.0.0.3" }], "b").cluster).toBe("10.0.0.1 10.0.0.2 10.0.0.3");
});

test("headless Services, external names and other proxies' are not served", () => {
  const ports = (spec: object, labels = {}) => {
    const made = service("s", { clusterIP: "10.96.0.9", ports: [{ port: 80 }], ...spec });
    return servicePorts({ service: { ...made, metadata: { ...made.metadata, labels } }, slices: [], family: 4, nodeName: "here" })
      .length;
  };
  expect([
    ports({}),
    ports({ clusterIP: "None" }),
    ports({ type: "ExternalName" }),
    ports({}, { "service.kubernetes.io/service-proxy-name": "x" }),
    ports({}, { "service.kubernetes.io/headless": "" }),
  ]).toEqual([1, 0, 0, 0, 0]);
});
