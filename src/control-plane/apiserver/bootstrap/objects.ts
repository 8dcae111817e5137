/**
 * What a fresh server holds: system namespaces, default roles and bindings, priority classes, flow control, the service range, the
 * `kubernetes` Service with its endpoints, API services, and the trust anchors that extension servers read.
 *
 * @source pkg/controlplane/controller, plugin/pkg/auth/authorizer/rbac/bootstrappolicy and friends, read back from a v1.36 server
 */
import type { ClusterRole, PolicyRule } from "../../../shared/api/generated/rbac-v1.ts";
import type { Draft, KubeObject } from "../../../shared/apimachinery/meta.ts";
import { formatTime, type Platform } from "../../../shared/lib/platform.ts";
import { FRONT_PROXY_CLIENT } from "../authn/index.ts";
import { completeTable } from "./generated/complete-table.ts";

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

let parsed: readonly Complete[] | undefined;

/** What is made of them shares their parts, which nobody changes. */
const table = () => (parsed ??= JSON.parse(completeTable) as Complete[]);

/** What every node may do: the rules of role `system:node`, which nobody needs to be bound to. */
export function nodeRules(): readonly PolicyRule[] {
  const role = table().find((o) => o.kind === "ClusterRole" && o.metadata.name === "system:node");
  return (role as ClusterRole | undefined)?.rules ?? [];
}

/**
 * All of them in the order in which they may be created: namespaces first. Those with `managedFields` are complete and in normal form;
 * the others are as somebody would send them.
 */
export function bootstrapObjects(options: BootstrapOptions, { clock, random }: Platform): KubeObject[] {
  const now = formatTime(clock.now());
  const stamp = () => ({ uid: random.uuid(), creationTimestamp: now });
  const seeds = [...endpoints(options), serviceIpAddress(options), extensionAuthentication(options), tokenTracking(now)];
  return [
    ...table().map((o) => {
      const managedFields = o.metadata.managedFields.map((entry) => ({ ...entry, time: now }));
      return { ...o, ...variable(o, options, now), metadata: { ...o.metadata, ...stamp(), managedFields } };
    }),
    ...seeds.map((seed) => ({ ...seed, metadata: { ...seed.metadata, ...stamp() } }) as KubeObject),
  ];
}

/** With the fields that are told below still to be filled in. */
interface Complete extends KubeObject {
  metadata: KubeObject["metadata"] & { managedFields: object[] };
  spec?: Record<string, any>;
  status?: { conditions?: object[] };
}

/** An object without what the server gives it. */
type Seed = Draft<KubeObject> & { metadata: object; [field: string]: unknown };

/** What differs between clusters and starts. */
function variable({ kind, spec, status }: Complete, options: BootstrapOptions, now: string): object {
  if (kind === "Service") {
    const ports = spec!.ports.map((port: object) => ({ ...port, targetPort: options.advertise.port }));
    return { spec: { ...spec, ports, clusterIP: options.serviceAddress, clusterIPs: [options.serviceAddress] } };
  }
  const conditions = status?.conditions?.map((condition) => ({ ...condition, lastTransitionTime: now }));
  return {
    ...(kind === "ServiceCIDR" && { spec: { ...spec, cidrs: [options.serviceCidr] } }),
    ...(conditions && { status: { ...status, conditions } }),
  };
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
