/**
 * The EndpointSlices that say what an Endpoints object of somebody else's says. Pure.
 *
 * @source pkg/controller/endpointslicemirroring v1.36
 */
import { Endpoints, type EndpointSlice } from "../../../shared/api/index.ts";
import type { EndpointAddress, EndpointSubset } from "../../../shared/api/generated/core-v1.ts";
import type { Endpoint, EndpointPort } from "../../../shared/api/generated/discovery-v1.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import { controllerReference } from "../../../shared/client/index.ts";
import { sameOnTheWire } from "../common/write-status.ts";

export const SERVICE_LABEL = "kubernetes.io/service-name";
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const CONTROLLER = "endpointslicemirroring-controller.k8s.io";
const MAX_PER_SUBSET = 1000;
const NOT_COPIED = new Set([
  "endpoints.kubernetes.io/last-change-trigger-time",
  "kubectl.kubernetes.io/last-applied-configuration",
]);

export interface Plan {
  create: Draft<EndpointSlice>[];
  update: EndpointSlice[];
  remove: EndpointSlice[];
}

export function plan(endpoints: Endpoints, slices: readonly EndpointSlice[]): Plan {
  const todo: Plan = { create: [], update: [], remove: [] };
  const left = [...slices];
  for (const wanted of desiredSlices(endpoints)) {
    const index = left.findIndex((s) => s.addressType === wanted.addressType && sameOnTheWire(s.ports, wanted.ports));
    if (index < 0) {
      todo.create.push(wanted);
      continue;
    }
    const [existing] = left.splice(index, 1);
    const { labels, annotations } = wanted.metadata!;
    const same = sameOnTheWire(
      [existing!.endpoints, existing!.metadata.labels, existing!.metadata.annotations],
      [wanted.endpoints, labels, annotations],
    );
    if (same) continue;
    const metadata = {
      ...existing!.metadata,
      labels: labels as Record<string, string>,
      annotations: annotations as Record<string, string>,
    };
    todo.update.push({ ...existing!, metadata, endpoints: wanted.endpoints as Endpoint[] });
  }
  todo.remove = left;
  return todo;
}

function desiredSlices(endpoints: Endpoints): Draft<EndpointSlice>[] {
  const slices: Draft<EndpointSlice>[] = [];
  for (const subset of endpoints.subsets ?? []) {
    const all = endpointsOf(subset);
    for (const addressType of ["IPv4", "IPv6"] as const) {
      const list = all.filter((e) => e.addresses![0]!.includes(":") === (addressType === "IPv6"));
      if (list.length) slices.push(sliceOf(endpoints, addressType, portsOf(subset), list));
    }
  }
  return slices;
}

function endpointsOf({ addresses = [], notReadyAddresses = [] }: EndpointSubset): Endpoint[] {
  const of =
    (ready: boolean) =>
    (a: EndpointAddress): Endpoint => ({
      addresses: [a.ip],
      conditions: { ready },
      ...(a.hostname && { hostname: a.hostname }),
      ...(a.targetRef && { targetRef: a.targetRef }),
      ...(a.nodeName && { nodeName: a.nodeName }),
    });
  return [...addresses.map(of(true)), ...notReadyAddresses.map(of(false))].slice(0, MAX_PER_SUBSET);
}

const portsOf = ({ ports = [] }: EndpointSubset): EndpointPort[] =>
  ports.map(({ name = "", port, protocol = "TCP", appProtocol }) => ({
    name,
    protocol,
    port,
    ...(appProtocol !== undefined && { appProtocol }),
  }));

function sliceOf(
  endpoints: Endpoints,
  addressType: "IPv4" | "IPv6",
  ports: EndpointPort[],
  list: Endpoint[],
): Draft<EndpointSlice> {
  const { name, namespace, labels, annotations } = endpoints.metadata;
  const copied = Object.entries(annotations ?? {}).filter(([key]) => !NOT_COPIED.has(key));
  return {
    metadata: {
      generateName: `${name}-`,
      namespace: namespace!,
      labels: { ...labels, [SERVICE_LABEL]: name, [MANAGED_BY]: CONTROLLER },
      ...(copied.length && { annotations: Object.fromEntries(copied) }),
      ownerReferences: [controllerReference(Endpoints, endpoints)],
    },
    addressType,
    endpoints: list,
    ports,
  };
}
