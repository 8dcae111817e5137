/**
 * The cluster's DNS on one node: answers for Services out of the informers' caches, and asks the host's resolvers for
 * everything else. It runs in the node's agent and serves that node alone (service.ts leads the cluster address to it).
 */
import { readFileSync, statSync } from "node:fs";
import { EndpointSlice, Service } from "../../shared/api/index.ts";
import { keyOf } from "../../shared/apimachinery/meta.ts";
import type { InformerFactory } from "../../shared/client/index.ts";
import { canonicalIp } from "../../shared/lib/ip.ts";
import { silentLogger, type Logger } from "../../shared/lib/logger.ts";
import { realPlatform, type Platform } from "../../shared/lib/platform.ts";
import { Forwarder } from "./forwarder.ts";
import { Responder } from "./responder.ts";
import { DnsServer, type Listen } from "./server.ts";
import { Zone, type ZoneView } from "./zone.ts";

export interface DnsOptions {
  informers: InformerFactory;
  /** Default `cluster.local`. */
  clusterDomain?: string;
  /** The cluster address that pods ask, e.g. 10.96.0.10. */
  clusterDnsIp: string;
  /** Where to listen, UDP and TCP. On a node: its own address and `DNS_NODE_PORT`. */
  listen: readonly Listen[];
  /** `address` or `address:port`, best first; default those of /etc/resolv.conf, followed as it changes. */
  upstreams?: readonly string[];
  platform?: Platform;
  log?: Logger;
  /** Called when it listens, with the ports in the order of `listen`. */
  onListening?(ports: number[]): void;
}

const RESOLV_CONF = "/etc/resolv.conf";
const RESOLV_CONF_CHECK_MS = 10_000;
const BY_SERVICE = "service";
const BY_ADDRESS = "address";

/** Serves until the signal. The caller starts the informers; until they are in step, names of the cluster get SERVFAIL. */
export async function runDns(options: DnsOptions, signal: AbortSignal): Promise<void> {
  const {
    informers,
    clusterDomain = "cluster.local",
    clusterDnsIp,
    listen,
    platform = realPlatform,
    log = silentLogger,
  } = options;
  const zone = new Zone({
    zone: clusterDomain.toLowerCase(),
    dnsIp: clusterDnsIp,
    view: informerView(informers),
    shuffle: (items) => shuffle(items, platform),
  });
  const own = new Set(listen.map(({ address }) => address));
  const readUpstreams = () => resolvers().filter((address) => !own.has(address) && address !== clusterDnsIp);
  const forwarder = new Forwarder(options.upstreams ?? readUpstreams(), platform);
  const [services, slices] = [informers.informer(Service), informers.informer(EndpointSlice)];
  const responder = new Responder({ zone, forwarder, log, ready: () => services.synced() && slices.synced() });
  const server = new DnsServer((message, over) => responder.answer(message, over), log);

  let changedAt = modified();
  const follow = platform.clock.every(
    RESOLV_CONF_CHECK_MS,
    () => {
      if (options.upstreams || modified() === changedAt) return;
      changedAt = modified();
      forwarder.setUpstreams(readUpstreams());
    },
    { background: true },
  );
  try {
    const ports = [];
    for (const at of listen) ports.push(await server.listen(at));
    options.onListening?.(ports);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  } finally {
    follow.cancel();
    server.close();
  }
}

function informerView(informers: InformerFactory): ZoneView {
  const services = informers.informer(Service);
  const slices = informers.informer(EndpointSlice);
  services.addIndex(BY_ADDRESS, ({ spec }) =>
    (spec.clusterIPs ?? [spec.clusterIP]).map((ip) => canonicalIp(ip ?? "")).filter((ip) => ip !== undefined),
  );
  slices.addIndex(BY_ADDRESS, ({ endpoints }) => [
    // An empty list may come as null.
    ...new Set(endpoints?.flatMap(({ addresses }) => addresses?.map((ip) => canonicalIp(ip) ?? ip) ?? [])),
  ]);
  slices.addIndex(BY_SERVICE, ({ metadata }) => [
    keyOf({ namespace: metadata.namespace, name: metadata.labels?.["kubernetes.io/service-name"] ?? "" }),
  ]);
  return {
    service: (namespace, name) => services.cache.get(keyOf({ namespace, name })),
    slices: (namespace, name) => slices.cache.byIndex(BY_SERVICE, keyOf({ namespace, name })),
    // Known by its Services: the proxy's identity, which this shares its informers with, may not read namespaces.
    hasNamespace: (name) => services.cache.list(name).length > 0,
    servicesAt: (ip) => services.cache.byIndex(BY_ADDRESS, ip),
    slicesAt: (ip) => slices.cache.byIndex(BY_ADDRESS, ip),
  };
}

function shuffle<T>(items: T[], { random }: Platform): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

function resolvers(): string[] {
  const lines = textOf(RESOLV_CONF).split("\n");
  return lines.map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1]).filter((address) => address !== undefined);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // absent: nobody to ask
  }
}

function modified(): number {
  return statSync(RESOLV_CONF, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
