/**
 * The Endpoints object of a service: its pods' addresses, ready and not, by the ports they serve. Pure.
 *
 * Addresses that have exactly the same ports stand in one subset, and every list is sorted, so that the same pods always give the same object.
 *
 * @source pkg/controller/endpoint/endpoints_controller.go, pkg/api/v1/endpoints/util.go v1.36
 */
import type { Endpoints, Pod, Service } from "../../../shared/api/index.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset } from "../../../shared/api/generated/core-v1.ts";
import { hasClusterIP } from "../../../shared/api/core/service-addresses.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import { isPodReady } from "../common/pod-state.ts";
import { belongsToEndpoints, hasHostname, targetPort } from "../common/service-pods.ts";

const MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
const HEADLESS = "service.kubernetes.io/headless";
const MAX_ADDRESSES = 1000;

type Port = EndpointPort;

interface Entry {
  address: EndpointAddress;
  ready: boolean;
  ports: Map<string, Port>;
}

export function desiredEndpoints(service: Service, pods: readonly Pod[], current: Endpoints | undefined): Draft<Endpoints> {
  const { subsets, truncated } = truncate(subsetsOf(service, pods));
  const { [HEADLESS]: _, ...labels } = service.metadata.labels ?? {};
  const { [OVER_CAPACITY]: _over, ...annotations } = current?.metadata.annotations ?? {};
  return {
    ...current,
    metadata: {
      ...(current?.metadata ?? { name: service.metadata.name, namespace: service.metadata.namespace! }),
      labels: { ...labels, ...(!hasClusterIP(service) && { [HEADLESS]: "" }), [MANAGED_BY]: "endpoint-controller" },
      ...(truncated ? { annotations: { ...annotations, [OVER_CAPACITY]: "truncated" } } : { annotations }),
    },
    subsets,
  };
}

function subsetsOf(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const entries = new Map<string, Entry>();
  const headlessWithoutPorts = !service.spec?.ports?.length && service.spec?.clusterIP === "None";
  for (const pod of pods) {
    if (!belongsToEndpoints(pod, !!service.spec?.publishNotReadyAddresses)) continue;
    const ip = addressFor(service, pod);
    if (!ip) continue;
    const ports = portsOf(service, pod);
    if (ports.length === 0 && !headlessWithoutPorts) continue;
    const entry = entryOf(entries, service, pod, ip);
    for (const port of ports) entry.ports.set(portKey(port), port);
  }
  return pack([...entries.values()]);
}

/** The pod's address of the service's family. */
function addressFor(service: Service, pod: Pod): string | undefined {
  const v6 = (service.spec?.ipFamilies?.[0] ?? (service.spec?.clusterIP?.includes(":") ? "IPv6" : "IPv4")) === "IPv6";
  const all = pod.status?.podIPs?.map((p) => p.ip!) ?? [pod.status?.podIP ?? ""];
  return all.find((ip) => ip && ip.includes(":") === v6);
}

function entryOf(entries: Map<string, Entry>, service: Service, pod: Pod, ip: string): Entry {
  const { namespace, name, uid } = pod.metadata;
  const ready = !!service.spec?.publishNotReadyAddresses || isPodReady(pod);
  const key = `${ip}|${uid}|${ready}`;
  const known = entries.get(key);
  if (known) return known;
  const address: EndpointAddress = {
    ip,
    ...(hasHostname(pod, service) && { hostname: pod.spec.hostname! }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: "Pod", namespace: namespace!, name, uid },
  };
  const entry: Entry = { address, ready, ports: new Map() };
  entries.set(key, entry);
  return entry;
}

function portsOf(service: Service, pod: Pod): Port[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(pod, servicePort);
    if (port === undefined) return [];
    const { name, protocol = "TCP", appProtocol } = servicePort;
    return [{ ...(name && { name }), port, protocol, ...(appProtocol !== undefined && { appProtocol }) }];
  });
}

const portKey = (p: Port) => `${p.name ?? ""}|${p.port}|${p.protocol ?? "TCP"}`;

function pack(entries: Entry[]): EndpointSubset[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = [...entry.ports.keys()].sort().join(",");
    const group = groups.get(key);
    if (group) group.push(entry);
    else groups.set(key, [entry]);
  }
  return [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => {
      const ready = addresses(group, true);
      const notReady = addresses(group, false);
      const ports = [...group[0]!.ports.values()].sort((a, b) => (portKey(a) < portKey(b) ? -1 : 1));
      return {
        ...(ready.length && { addresses: ready }),
        ...(notReady.length && { notReadyAddresses: notReady }),
        ...(ports.length && { ports }),
      };
    });
}

function addresses(group: Entry[], ready: boolean): EndpointAddress[] {
  const order = (a: EndpointAddress) => `${a.ip}|${a.targetRef?.uid ?? ""}`;
  const list = group.filter((e) => e.ready === ready).map((e) => e.address);
  return list.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Objects have a size limit: at most a thousand addresses, ready ones first. */
function truncate(subsets: EndpointSubset[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const count = (s: EndpointSubset) => (s.addresses?.length ?? 0) + (s.notReadyAddresses?.length ?? 0);
  if (subsets.reduce((n, s) => n + count(s), 0) <= MAX_ADDRESSES) return { subsets, truncated: false };
  let room = MAX_ADDRESSES;
  const take = (list: EndpointAddress[] | undefined) => {
    const part = (list ?? []).slice(0, room);
    room -= part.length;
    return part;
  };
  const ready = subsets.map((s) => take(s.addresses));
  const notReady = subsets.map((s) => take(s.notReadyAddresses));
  const cut = subsets.map(({ ports }, i) => ({
    ...(ready[i]!.length && { addresses: ready[i]! }),
    ...(notReady[i]!.length && { notReadyAddresses: notReady[i]! }),
    ...(ports && { ports }),
  }));
  return { subsets: cut.filter((s) => count(s) > 0), truncated: true };
}
