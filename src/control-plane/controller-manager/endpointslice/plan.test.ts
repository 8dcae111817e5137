import { describe, expect, it } from "vitest";
import type { EndpointSlice, Node, Pod, Service } from "../../../shared/api/index.ts";
import { plan } from "./plan.ts";

const service = (spec: object = {}) =>
  ({
    metadata: { name: "web", namespace: "ns", uid: "s", labels: { team: "a" } },
    spec: {
      clusterIP: "10.0.0.1",
      ipFamilies: ["IPv4"],
      selector: { app: "web" },
      ports: [{ port: 80, targetPort: "http", protocol: "TCP" }],
      ...spec,
    },
  }) as unknown as Service;

const pod = (n: number, rest: { port?: number; ready?: boolean; metadata?: object } = {}) =>
  ({
    metadata: { name: `p${n}`, namespace: "ns", uid: `u${n}`, ...rest.metadata },
    spec: {
      nodeName: "n1",
      containers: [{ name: "a", ports: [{ name: "http", containerPort: rest.port ?? 8080, protocol: "TCP" }] }],
    },
    status: {
      phase: "Running",
      podIP: `10.1.${n >> 8}.${n & 255}`,
      conditions: [{ type: "Ready", status: rest.ready === false ? "False" : "True" }],
    },
  }) as unknown as Pod;

const pods = (count: number) => Array.from({ length: count }, (_, i) => pod(i));
const node = (name: string) => ({ metadata: { name, labels: { "topology.kubernetes.io/zone": "z1" } } }) as unknown as Node;
const run = (s: Service, list: readonly Pod[], slices: readonly EndpointSlice[] = []) =>
  plan({ service: s, pods: list, slices, node });

/** The plan's outcome as the next one finds it. */
function store(todo: ReturnType<typeof plan>, before: readonly EndpointSlice[] = []): EndpointSlice[] {
  const gone = [...todo.remove, ...todo.update].map((s) => s.metadata.name);
  const created = todo.create.map(
    (s, i) => ({ ...s, metadata: { ...s.metadata, name: `new${before.length + i}` } }) as unknown as EndpointSlice,
  );
  return [...before.filter((s) => !gone.includes(s.metadata.name)), ...todo.update, ...created];
}

describe("endpoint slices", () => {
  it("describe pods by address, readiness, node and zone", () => {
    const { create } = run(service(), [pod(1), pod(2, { ready: false }), pod(3, { metadata: { deletionTimestamp: "x" } })]);
    expect(create).toHaveLength(1);
    expect(create[0]).toMatchObject({
      addressType: "IPv4",
      ports: [{ name: "", port: 8080, protocol: "TCP" }],
      metadata: {
        generateName: "web-",
        labels: {
          team: "a",
          "kubernetes.io/service-name": "web",
          "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        },
        ownerReferences: [{ kind: "Service", name: "web", uid: "s", controller: true }],
      },
      endpoints: [
        {
          addresses: ["10.1.0.1"],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: "n1",
          zone: "z1",
          targetRef: { kind: "Pod", name: "p1" },
        },
        { conditions: { ready: false, serving: false, terminating: false } },
        { conditions: { ready: false, serving: true, terminating: true } },
      ],
    });
  });

  it("hold a hundred each, and change as few slices as they can", () => {
    const first = store(run(service(), pods(250)));
    expect(first.map((s) => s.endpoints!.length)).toEqual([100, 100, 50]);
    expect(run(service(), pods(250), first)).toEqual({ create: [], update: [], remove: [], nodesMissing: false });
    const grown = run(service(), pods(260), first);
    expect(grown.create).toEqual([]);
    expect(grown.update.map((s) => [s.metadata.name, s.endpoints!.length])).toEqual([["new2", 60]]);
    const replaced = run(service(), [...pods(250).slice(1), pod(300)], first);
    expect(replaced.update.map((s) => [s.metadata.name, s.endpoints!.length])).toEqual([["new0", 100]]);
  });

  it("differ by port numbers where pods do", () => {
    const { create } = run(service(), [pod(1), pod(2, { port: 9090 })]);
    expect(create.map((s) => s.ports?.[0]?.port)).toEqual([8080, 9090]);
  });

  it("say so when a service has no endpoints, and fill that slice when it gets some", () => {
    const empty = store(run(service(), []));
    expect(empty).toMatchObject([{ endpoints: [], ports: [] }]);
    expect(run(service(), [], empty)).toMatchObject({ create: [], update: [], remove: [] });
    const filled = run(service(), [pod(1)], empty);
    expect(filled).toMatchObject({ create: [], remove: [], update: [{ metadata: { name: "new0" }, ports: [{ port: 8080 }] }] });
  });

  it("hint at zones where the service prefers close ones", () => {
    const { create } = run(service({ trafficDistribution: "PreferSameZone" }), [pod(1)]);
    expect(create[0]!.endpoints).toMatchObject([{ hints: { forZones: [{ name: "z1" }] } }]);
  });

  it("count unready pods as ready where the service publishes them", () => {
    const { create } = run(service({ publishNotReadyAddresses: true }), [pod(1, { ready: false })]);
    expect(create[0]!.endpoints).toMatchObject([{ conditions: { ready: true, serving: false } }]);
  });
});
