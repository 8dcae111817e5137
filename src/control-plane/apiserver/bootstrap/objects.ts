/**
 * What a fresh server holds: system namespaces, default roles and bindings, priority classes, flow control, the service range, the
 * `kubernetes` Service with its endpoints, API services, and the trust anchors that extension servers read.
 *
 * @source pkg/controlplane/controller, plugin/pkg/auth/authorizer/rbac/bootstrappolicy and friends, read back from a v1.36 server
 */
import type { ClusterRole, PolicyRule } from "../../../shared/api/generated/rbac-v1.ts";
import table from "../../../shared/api/tables/bootstrap-1.36.json" with { type: "json" };
import type { Draft, KubeObject } from "../../../shared/apimachinery/meta.ts";
import { formatTime, type Platform } from "../../../shared/lib/platform.ts";
import { FRONT_PROXY_CLIENT } from "../authn/index.ts";

export interface BootstrapOptions {
  /** Where clients inside the cluster reach this server: an address that is no loopback, and its port. */
  advertise: { address: string; port: number };
  /** Addresses of Services, e.g. `10.96.0.0/16`. */
  serviceCidr: string;
  /** First address of it: the `kubernetes` Service's own. */
  serviceAddress: string;
  /** PEM. */
  clientCa: string;
  frontProxyCa: string;
}

/** What every node may do: the rules of role `system:node`, which nobody needs to be bound to. */
export function nodeRules(): readonly PolicyRule[] {
  const role = (table as unknown as ClusterRole[]).find((o) => o.kind === "ClusterRole" && o.metadata.name === "system:node");
  return role?.rules ?? [];
}

/** All of them in the order in which they may be created: namespaces first. Fresh values, the caller's to keep. */
export function bootstrapObjects(options: BootstrapOptions, { clock, random }: Platform): KubeObject[] {
  const created = formatTime(clock.now());
  const objects = (structuredClone(table) as unknown as KubeObject[]).map((o) => adapt(o, options, created));
  const seeds = [
    ...objects,
    ...endpoints(options),
    serviceIpAddress(options),
    extensionAuthentication(options),
    tokenTracking(created),
  ];
  return seeds.map((seed) => {
    Object.assign(seed.metadata, { uid: random.uuid(), creationTimestamp: created });
    return seed as KubeObject;
  });
}

/** An object without what the server gives it. */
type Seed = Draft<KubeObject> & { metadata: object; [field: string]: unknown };

function adapt(object: KubeObject, options: BootstrapOptions, now: string): KubeObject {
  const o = object as KubeObject & { spec: Record<string, any>; status?: object };
  if (o.kind === "Service") {
    Object.assign(o.spec, { clusterIP: options.serviceAddress, clusterIPs: [options.serviceAddress] });
    o.spec.ports[0].targetPort = options.advertise.port;
  } else if (o.kind === "ServiceCIDR") {
    o.spec.cidrs = [options.serviceCidr];
    o.status = conditions(now, {
      type: "Ready",
      status: "True",
      reason: "",
      message: "Kubernetes default Service CIDR is ready",
    });
  } else if (o.kind === "APIService") {
    o.status = conditions(now, {
      type: "Available",
      status: "True",
      reason: "Local",
      message: "Local APIServices are always available",
    });
  } else if (o.kind === "FlowSchema") {
    const name = o.spec.priorityLevelConfiguration.name as string;
    const message = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)} and it exists`;
    o.status = conditions(now, { type: "Dangling", status: "False", reason: "Found", message });
    o.metadata.generation = 1;
  } else if (o.kind === "PriorityLevelConfiguration" || o.kind === "PriorityClass") {
    o.metadata.generation = 1;
  }
  return o;
}

function conditions(
  lastTransitionTime: string,
  { type, status, ...rest }: { type: string; status: string; reason: string; message: string },
): object {
  return { conditions: [{ type, status, lastTransitionTime, ...rest }] };
}

function endpoints({ advertise }: BootstrapOptions): Seed[] {
  const metadata = { name: "kubernetes", namespace: "default" };
  const ports = [{ name: "https", port: advertise.port, protocol: "TCP" }];
  const legacy = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { ...metadata, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets: [{ addresses: [{ ip: advertise.address }], ports }],
  };
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata, generation: 1, labels: { "kubernetes.io/service-name": "kubernetes" } },
    addressType: advertise.address.includes(":") ? "IPv6" : "IPv4",
    endpoints: [{ addresses: [advertise.address], conditions: { ready: true } }],
    ports,
  };
  return [legacy, slice];
}

function serviceIpAddress({ serviceAddress }: BootstrapOptions): Seed {
  const labels = {
    "ipaddress.kubernetes.io/ip-family": serviceAddress.includes(":") ? "IPv6" : "IPv4",
    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
  };
  const spec = { parentRef: { resource: "services", namespace: "default", name: "kubernetes" } };
  return { apiVersion: "networking.k8s.io/v1", kind: "IPAddress", metadata: { name: serviceAddress, labels }, spec };
}

/** What an extension API server needs to know whom to trust. */
function extensionAuthentication({ clientCa, frontProxyCa }: BootstrapOptions): Seed {
  const list = (...values: string[]) => JSON.stringify(values);
  const data = {
    "client-ca-file": clientCa,
    "requestheader-allowed-names": list(FRONT_PROXY_CLIENT),
    "requestheader-client-ca-file": frontProxyCa,
    "requestheader-extra-headers-prefix": list("X-Remote-Extra-"),
    "requestheader-group-headers": list("X-Remote-Group"),
    "requestheader-uid-headers": list("X-Remote-Uid"),
    "requestheader-username-headers": list("X-Remote-User"),
  };
  const metadata = { name: "extension-apiserver-authentication", namespace: "kube-system" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

/** Since when uses of long-lived token secrets are followed. */
function tokenTracking(now: string): Seed {
  const metadata = { name: "kube-apiserver-legacy-service-account-token-tracking", namespace: "kube-system" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { since: now.slice(0, 10) } };
}
