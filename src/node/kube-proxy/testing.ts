/** Builders of Services and EndpointSlices for the tests of the proxy and of DNS-like readers. */
import type { EndpointSlice, Service } from "../../shared/api/index.ts";

export function service(
  name: string,
  spec: Omit<Service["spec"], "ports"> & { ports?: unknown[] },
  ingress: string[] = [],
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec,
    status: { loadBalancer: { ingress: ingress.map((ip) => ({ ip })) } },
  } as unknown as Service;
}

export interface EndpointDraft {
  ip: string;
  node?: string;
  ready?: boolean;
  serving?: boolean;
  terminating?: boolean;
  zones?: string[];
}

let slices = 0;

export function slice(
  service: string,
  endpoints: EndpointDraft[],
  ports: { name?: string; port: number; protocol?: string }[],
): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${service}-${++slices}`, namespace: "default", labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    ports: ports.map((port) => ({ protocol: "TCP", name: "", ...port })),
    endpoints: endpoints.map(({ ip, node, zones, ...conditions }) => ({
      addresses: [ip],
      conditions,
      nodeName: node,
      hints: zones && { forZones: zones.map((name) => ({ name })) },
    })),
  } as unknown as EndpointSlice;
}

export const hello = service("hello", { clusterIP: "10.96.1.1", ports: [{ port: 80, nodePort: 30080, name: "http" }] });
export const two = slice(
  "hello",
  [
    { ip: "10.244.0.2", node: "here" },
    { ip: "10.244.1.2", node: "there" },
  ],
  [{ name: "http", port: 8080 }],
);

/** Services of every sort with their slices, as the goldens of both rule languages show them. */
export const everySort: [Service, EndpointSlice[]][] = [
  [hello, [two]],
  [service("empty", { clusterIP: "10.96.1.2", ports: [{ port: 80, nodePort: 30081 }] }), []],
  [
    service("sticky", {
      clusterIP: "10.96.1.3",
      ports: [{ port: 80 }],
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    }),
    [slice("sticky", [{ ip: "10.244.0.3", node: "here" }, { ip: "10.244.1.3" }], [{ port: 80 }])],
  ],
  [
    service(
      "balanced",
      {
        clusterIP: "10.96.1.4",
        type: "LoadBalancer",
        ports: [{ port: 53, nodePort: 30053, protocol: "UDP" }],
        externalTrafficPolicy: "Local",
        internalTrafficPolicy: "Local",
        externalIPs: ["192.0.2.7"],
        loadBalancerSourceRanges: ["10.0.0.0/24"],
      },
      ["192.0.2.8"],
    ),
    [slice("balanced", [{ ip: "10.244.1.4", node: "there" }], [{ port: 53, protocol: "UDP" }])],
  ],
];
