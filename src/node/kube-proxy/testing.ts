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
