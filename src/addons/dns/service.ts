/**
 * The Service `kube-dns`, by which clients find the DNS server. It selects no pods: its endpoints are the nodes, each of which
 * answers for itself, and internalTrafficPolicy Local makes every node's proxy take its own. So the cluster address works the
 * same whatever proxy, and DNS needs no address of its own on the node.
 */
import { EndpointSlice, Node, Service } from "../../shared/api/index.ts";
import { isAlreadyExists, isNotFound } from "../../shared/apimachinery/errors.ts";
import type { Draft } from "../../shared/apimachinery/meta.ts";
import { defineController, done, watching, type Client } from "../../shared/client/index.ts";
import { parseIp } from "../../shared/lib/ip.ts";

const NAMESPACE = "kube-system";
const NAME = "kube-dns";
/** Where nodes listen: not 53, which belongs to whoever runs a server of his own on the host. */
export const DNS_NODE_PORT = 10_053;
const MANAGED_BY = "dns.knarr.dev";
/** The API's limit is 1,000; slices that change stay smaller. */
const ENDPOINTS_PER_SLICE = 500;

const LABELS = { "k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" };

/** A controller for the server's side: keeps the Service and its EndpointSlices, one endpoint per node. */
export function dnsServiceController({ clusterDnsIp }: { clusterDnsIp: string }) {
  return defineController({
    name: "dns-service",
    for: Node,
    when: (node, old, deleted) => deleted || !old || addressOf(node) !== addressOf(old),
    watches: [
      watching(
        Service,
        () => [NAME],
        ({ metadata }, _, deleted) => deleted && metadata.namespace === NAMESPACE && metadata.name === NAME,
      ),
      watching(
        EndpointSlice,
        () => [NAME],
        ({ metadata }) => metadata.labels?.["endpointslice.kubernetes.io/managed-by"] === MANAGED_BY,
      ),
    ],
    workers: 1,
    started: ({ queue }) => queue.add(NAME),
    async reconcile(key, { client, cache, queue }) {
      // Whichever node changed, it is the whole that is compared; one key, so that a burst is one run.
      if (key !== NAME) {
        queue.add(NAME);
        return done;
      }
      const service = cache.get(Service, `${NAMESPACE}/${NAME}`);
      if (!service) await client.create(Service, planService(clusterDnsIp)).catch(ignoreExisting);
      const there = cache
        .list(EndpointSlice, NAMESPACE)
        .filter(({ metadata }) => metadata.labels?.["endpointslice.kubernetes.io/managed-by"] === MANAGED_BY);
      await applySlices(client, planSlices(cache.list(Node)), there);
      return done;
    },
  });
}

function planService(clusterIP: string): Draft<Service> {
  const port = (name: string, protocol: "UDP" | "TCP") => ({ name, protocol, port: 53, targetPort: DNS_NODE_PORT });
  return {
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: {
      type: "ClusterIP",
      clusterIP,
      clusterIPs: [clusterIP],
      internalTrafficPolicy: "Local",
      ports: [port("dns", "UDP"), port("dns-tcp", "TCP")],
    },
  };
}

/**
 * Sorted by name, so that a node that comes or goes changes few slices. Each counts as ready, whatever its condition: a pod
 * has no other server than its own node's, least of all when that has lost sight of the API server.
 */
export function planSlices(nodes: readonly Node[]): Draft<EndpointSlice>[] {
  const endpoints = nodes
    .map((node) => ({ name: node.metadata.name!, ip: addressOf(node) }))
    .filter(({ ip }) => ip !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, ip }) => ({
      addresses: [ip!],
      nodeName: name,
      conditions: { ready: true, serving: true, terminating: false },
    }));
  const port = (name: string, protocol: "UDP" | "TCP") => ({ name, protocol, port: DNS_NODE_PORT });
  const slices = Array.from({ length: Math.ceil(endpoints.length / ENDPOINTS_PER_SLICE) }, (_, i) => ({
    metadata: {
      name: `${NAME}-nodes-${i}`,
      namespace: NAMESPACE,
      labels: { "kubernetes.io/service-name": NAME, "endpointslice.kubernetes.io/managed-by": MANAGED_BY },
    },
    addressType: "IPv4",
    endpoints: endpoints.slice(i * ENDPOINTS_PER_SLICE, (i + 1) * ENDPOINTS_PER_SLICE),
    ports: [port("dns", "UDP"), port("dns-tcp", "TCP")],
  }));
  return slices as unknown as Draft<EndpointSlice>[];
}

async function applySlices(
  client: Client,
  wanted: readonly Draft<EndpointSlice>[],
  there: readonly EndpointSlice[],
): Promise<void> {
  for (const slice of wanted) {
    const old = there.find(({ metadata }) => metadata.name === slice.metadata!.name);
    if (!old) await client.create(EndpointSlice, slice).catch(ignoreExisting);
    else if (content(old) !== content(slice)) {
      await client.update(EndpointSlice, {
        ...structuredClone(old),
        endpoints: slice.endpoints,
        ports: slice.ports,
      } as Draft<EndpointSlice>);
    }
  }
  for (const { metadata } of there) {
    if (wanted.some((slice) => slice.metadata!.name === metadata.name)) continue;
    await client.delete(EndpointSlice, { namespace: NAMESPACE, name: metadata.name! }).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

/** What is compared, whatever the order of keys and what the server adds. */
function content(slice: Draft<EndpointSlice>): string {
  return JSON.stringify(slice.endpoints?.map(({ addresses, nodeName }) => [addresses, nodeName]));
}

function addressOf({ status }: Node): string | undefined {
  return status?.addresses?.find(({ type, address }) => type === "InternalIP" && parseIp(address)?.family === 4)?.address;
}

function ignoreExisting(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}
