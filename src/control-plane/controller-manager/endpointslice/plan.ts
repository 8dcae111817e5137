/**
 * Which slices of a service to create, change and delete so that they hold its pods, a hundred at most in each. Pure.
 *
 * Slices change as little as possible: endpoints stay in the slice they are in; new ones fill slices that change anyway, then one slice that has
 * room for all of them, then new slices. Slices differ by address type and by port numbers (named target ports may differ from pod to pod).
 *
 * @source staging/src/k8s.io/endpointslice/reconciler.go v1.36
 */
import { EndpointSlice, Node, Pod, Service } from "../../../shared/api/index.ts";
import type { Endpoint, EndpointPort } from "../../../shared/api/generated/discovery-v1.ts";
import { hasClusterIP } from "../../../shared/api/core/service-addresses.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import { controllerReference } from "../../../shared/client/index.ts";
import { isPodReady } from "../common/pod-state.ts";
import { belongsToEndpoints, hasHostname, targetPort } from "../common/service-pods.ts";
import { sameOnTheWire } from "../common/write-status.ts";
import { withHints } from "./hints.ts";

const MAX_PER_SLICE = 100;
export const SERVICE_LABEL = "kubernetes.io/service-name";
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const CONTROLLER = "endpointslice-controller.k8s.io";
const HEADLESS = "service.kubernetes.io/headless";
const RESERVED = [SERVICE_LABEL, MANAGED_BY, HEADLESS];

export interface Observed {
  service: Service;
  pods: readonly Pod[];
  slices: readonly EndpointSlice[];
  node(name: string): Node | undefined;
}

export interface Plan {
  create: Draft<EndpointSlice>[];
  update: EndpointSlice[];
  remove: EndpointSlice[];
  /** Pods left out because their node is not known yet. */
  nodesMissing: boolean;
}

type AddressType = "IPv4" | "IPv6";

/** Endpoints of one set of ports, by address and pod. */
interface Group {
  ports: EndpointPort[];
  endpoints: Map<string, Endpoint>;
}

export function plan(observed: Observed): Plan {
  const { service, slices } = observed;
  const types = addressTypes(service);
  const result: Plan = { create: [], update: [], remove: [], nodesMissing: false };
  for (const slice of slices) if (!types.includes(slice.addressType as AddressType)) result.remove.push(slice);
  for (const type of types) planType(observed, type, result);
  if (service.metadata.deletionTimestamp) result.create = [];
  return reuseNames(result);
}

function addressTypes({ spec }: Service): AddressType[] {
  const families = (spec?.ipFamilies ?? []) as AddressType[];
  return families.length ? families : [spec?.clusterIP?.includes(":") ? "IPv6" : "IPv4"];
}

function planType(observed: Observed, type: AddressType, result: Plan): void {
  const { service } = observed;
  const existing = observed.slices.filter((s) => s.addressType === type);
  const owned = existing.filter((s) => s.metadata.ownerReferences?.some((o) => o.uid === service.metadata.uid));
  const byPorts = new Map<string, EndpointSlice[]>();
  for (const slice of owned) byPorts.set(portsKey(slice.ports), [...(byPorts.get(portsKey(slice.ports)) ?? []), slice]);
  const create: Draft<EndpointSlice>[] = [];
  const update: EndpointSlice[] = [];
  let remove = existing.filter((s) => !owned.includes(s));
  const groups = groupsOf(observed, type, result);
  for (const [key, group] of groups) {
    const done = planGroup(service, type, byPorts.get(key) ?? [], group);
    create.push(...done.create);
    update.push(...done.update);
    remove.push(...done.remove);
  }
  for (const [key, left] of byPorts) if (!groups.has(key)) remove.push(...left);
  // A service without endpoints still has one slice that says so.
  if (existing.length === remove.length && create.length === 0) {
    const placeholder = newSlice(service, type, [], []);
    const kept = remove.length === 1 && isPlaceholder(remove[0]!, placeholder);
    if (kept) remove = [];
    else create.push(placeholder);
  }
  const unchanged = owned.filter((s) => !remove.includes(s) && !update.some((u) => u.metadata.name === s.metadata.name));
  const hinted = withHints(service, create, update, unchanged);
  result.create.push(...hinted.create);
  result.update.push(...hinted.update);
  result.remove.push(...remove);
}

function isPlaceholder(slice: EndpointSlice, placeholder: Draft<EndpointSlice>): boolean {
  return !slice.endpoints?.length && !slice.ports?.length && sameOnTheWire(slice.metadata.labels, placeholder.metadata!.labels);
}

function groupsOf({ service, pods, node }: Observed, type: AddressType, result: Plan): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    if (!belongsToEndpoints(pod, true)) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { ports, endpoints: new Map() }));
    const home = pod.spec.nodeName ? node(pod.spec.nodeName) : undefined;
    if (!home && !service.spec?.publishNotReadyAddresses) {
      result.nodesMissing = true;
      continue;
    }
    const endpoint = endpointOf(pod, home, service, type);
    if (endpoint.addresses!.length) group.endpoints.set(endpointKey(endpoint), endpoint);
  }
  return groups;
}

function endpointOf(pod: Pod, node: Node | undefined, service: Service, type: AddressType): Endpoint {
  const serving = isPodReady(pod);
  const terminating = !!pod.metadata.deletionTimestamp;
  const zone = node?.metadata.labels?.["topology.kubernetes.io/zone"];
  const addresses = (pod.status?.podIPs ?? (pod.status?.podIP ? [{ ip: pod.status.podIP }] : [])).map((p) => p.ip!);
  const { namespace, name, uid } = pod.metadata;
  return {
    addresses: addresses.filter((ip) => ip.includes(":") === (type === "IPv6")),
    conditions: { ready: !!service.spec?.publishNotReadyAddresses || (serving && !terminating), serving, terminating },
    ...(hasHostname(pod, service) && { hostname: pod.spec.hostname! }),
    targetRef: { kind: "Pod", namespace: namespace!, name, uid },
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    ...(zone && { zone }),
  };
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(pod, servicePort);
    if (port === undefined) return [];
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    return [{ name, protocol, port, ...(appProtocol !== undefined && { appProtocol }) }];
  });
}

const portsKey = (ports: readonly EndpointPort[] | undefined): string =>
  (ports ?? [])
    .map((p) => `${p.name ?? ""}|${p.protocol ?? "TCP"}|${p.port ?? ""}|${p.appProtocol ?? ""}`)
    .sort()
    .join(",");

const endpointKey = (endpoint: Endpoint): string =>
  `${(endpoint.addresses ?? []).join(",")}|${endpoint.hostname ?? ""}|${endpoint.targetRef?.uid ?? ""}`;

interface GroupPlan {
  create: Draft<EndpointSlice>[];
  update: EndpointSlice[];
  remove: EndpointSlice[];
}

function planGroup(service: Service, type: AddressType, existing: EndpointSlice[], { ports, endpoints }: Group): GroupPlan {
  const missing = new Map(endpoints);
  const unchanged: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const remove: EndpointSlice[] = [];
  const labels = labelsOf(service);
  for (const slice of existing) {
    const before = slice.endpoints ?? [];
    const kept = before.flatMap((e) => missing.get(endpointKey(e)) ?? []);
    for (const endpoint of kept) missing.delete(endpointKey(endpoint));
    const same =
      kept.length === before.length &&
      kept.every((e, i) => sameEndpoint(e, before[i]!)) &&
      sameOnTheWire(slice.metadata.labels, labels);
    if (kept.length === 0 && before.length > 0) remove.push(slice);
    else if (same) unchanged.push(slice);
    else update.push({ ...slice, metadata: { ...slice.metadata, labels }, endpoints: kept });
  }
  const left = [...missing.values()];
  // Slices that change anyway take the new ones first, the fullest of them before the others.
  for (const slice of update.sort((a, b) => b.endpoints!.length - a.endpoints!.length)) fill(slice, left);
  if (left.length && left.length < MAX_PER_SLICE) {
    const roomy = unchanged.filter((s) => (s.endpoints?.length ?? 0) + left.length <= MAX_PER_SLICE);
    const fullest = roomy.sort((a, b) => (b.endpoints?.length ?? 0) - (a.endpoints?.length ?? 0))[0];
    if (fullest)
      update.push(
        fill({ ...fullest, metadata: { ...fullest.metadata, labels }, endpoints: [...(fullest.endpoints ?? [])] }, left),
      );
  }
  const create: Draft<EndpointSlice>[] = [];
  while (left.length) create.push(newSlice(service, type, ports, left.splice(0, MAX_PER_SLICE)));
  return { create, update, remove };
}

function fill(slice: EndpointSlice, from: Endpoint[]): EndpointSlice {
  slice.endpoints!.push(...from.splice(0, MAX_PER_SLICE - slice.endpoints!.length));
  return slice;
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.conditions!.ready === b.conditions?.ready &&
    a.conditions!.serving === b.conditions?.serving &&
    a.conditions!.terminating === b.conditions?.terminating &&
    a.nodeName === b.nodeName &&
    a.zone === b.zone
  );
}

function labelsOf(service: Service): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(service.metadata.labels ?? {})) if (!RESERVED.includes(key)) labels[key] = value;
  return {
    ...labels,
    ...(!hasClusterIP(service) && { [HEADLESS]: "" }),
    [SERVICE_LABEL]: service.metadata.name,
    [MANAGED_BY]: CONTROLLER,
  };
}

function newSlice(
  service: Service,
  addressType: AddressType,
  ports: EndpointPort[],
  endpoints: Endpoint[],
): Draft<EndpointSlice> {
  return {
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace!,
      labels: labelsOf(service),
      ownerReferences: [controllerReference(Service, service)],
    },
    addressType,
    endpoints,
    ports,
  };
}

/** A slice to create takes over the name of one to delete: one write instead of two, and no moment without endpoints. */
function reuseNames({ create, update, remove, nodesMissing }: Plan): Plan {
  const left = [...create];
  const gone: EndpointSlice[] = [];
  for (const old of remove) {
    const next = left.findLastIndex((s) => s.addressType === old.addressType);
    const owner = next >= 0 ? left[next]!.metadata!.ownerReferences![0]!.uid : undefined;
    if (next < 0 || !old.metadata.ownerReferences?.some((o) => o.uid === owner)) {
      gone.push(old);
      continue;
    }
    const [slice] = left.splice(next, 1);
    const { labels } = slice!.metadata!;
    update.push({
      ...old,
      metadata: { ...old.metadata, labels: labels as Record<string, string> },
      endpoints: slice!.endpoints as Endpoint[],
      ports: slice!.ports as EndpointPort[],
    });
  }
  return { create: left, update, remove: gone, nodesMissing };
}
