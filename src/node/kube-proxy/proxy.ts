/**
 * The loop of the proxy: changes of Services and EndpointSlices mark a Service as dirty, dirty Services are planned anew, and
 * their plans go to the backend of each address family.
 */
import { EndpointSlice, Node, Service } from "../../shared/api/index.ts";
import { keyOf } from "../../shared/apimachinery/meta.ts";
import type { Client, InformerFactory } from "../../shared/client/index.ts";
import { run as runHere, type Run } from "../../shared/lib/command.ts";
import { DemandLoop } from "../../shared/lib/demand-loop.ts";
import type { IpFamily } from "../../shared/lib/ip.ts";
import { silentLogger, type Logger } from "../../shared/lib/logger.ts";
import { realPlatform, type Platform } from "../../shared/lib/platform.ts";
import type { BackendOptions, ProxyBackend } from "./backend.ts";
import { cleanStaleFlows } from "./conntrack.ts";
import { ProxyHealth } from "./health.ts";
import { iptablesBackend, removeIptables } from "./iptables/index.ts";
import { nftablesBackend, removeNftables } from "./nftables/index.ts";
import { planPort, type PortPlan } from "./plan.ts";
import { SERVICE_NAME_LABEL, servicePorts, type ServicePort } from "./service-port.ts";

export interface KubeProxyOptions {
  informers: InformerFactory;
  nodeName: string;
  client?: Client;
  mode?: "nftables" | "iptables";
  /** Range of the pods; one per family, separated by a comma. */
  clusterCidr?: string;
  serviceCidrs?: readonly string[];
  /** Ranges of local addresses that serve node ports; default all. */
  nodePortAddresses?: readonly string[];
  /** Where /healthz is served; default port 10256 on every address; undefined port: not at all. */
  health?: { host?: string; port?: number };
  /** How often everything is written again, in case somebody else changed it; default an hour. */
  fullSyncMs?: number;
  platform?: Platform;
  run?: Run;
  log?: Logger;
}

const SERVICE = "service";
const ZONE_LABEL = "topology.kubernetes.io/zone";
/** Set by the cluster autoscaler on a node that it is about to remove. */
const GOING_TAINT = "ToBeDeletedByClusterAutoscaler";

/**
 * Serves the cluster's Services on this node until the signal. The rules stay then, as those of a proxy that restarts must;
 * `removeKubeProxy` takes them away. The caller starts the informers.
 */
export async function runKubeProxy(options: KubeProxyOptions, signal: AbortSignal): Promise<void> {
  const { informers, platform = realPlatform, log = silentLogger, fullSyncMs = 3_600_000 } = options;
  const services = informers.informer(Service);
  const slices = informers.informer(EndpointSlice);
  const nodes = informers.informer(Node);
  slices.addIndex(SERVICE, (slice) => [sliceService(slice)]);

  const health = new ProxyHealth(platform.clock, log);
  const proxy = new ServiceProxy(options, health);
  const ready = () => services.synced() && slices.synced() && nodes.synced();
  const loop = new DemandLoop({
    clock: platform.clock,
    log,
    name: "writing the proxy rules",
    gatherMs: 10,
    work: async () => (ready() ? proxy.sync() : undefined),
  });
  const mark = (key: string) => {
    proxy.markDirty(key);
    health.queued();
    if (ready()) loop.request();
  };
  const everything = () => {
    for (const service of services.cache.list()) mark(keyOf(service.metadata));
  };
  const onService = (service: Service) => mark(keyOf(service.metadata));
  const onSlice = (slice: EndpointSlice) => mark(sliceService(slice));
  const onNode = (node: Node, old?: Node) => {
    if (node.metadata.name !== options.nodeName) return;
    health.nodeEligible = !node.metadata.deletionTimestamp && !node.spec?.taints?.some(({ key }) => key === GOING_TAINT);
    if (!old || old.metadata.labels?.[ZONE_LABEL] !== node.metadata.labels?.[ZONE_LABEL]) everything();
  };
  void setConntrackTimeouts(options.run ?? runHere, log);
  const stops = [
    services.onEvent({ added: onService, updated: onService, deleted: onService }),
    slices.onEvent({ added: onSlice, updated: onSlice, deleted: onSlice }),
    nodes.onEvent({ added: (node) => onNode(node), updated: onNode }),
  ];
  const full = platform.clock.every(fullSyncMs, () => (proxy.requestFull(), loop.request()), { background: true });
  void Promise.all([services, slices, nodes].map((informer) => informer.whenSynced(signal))).then(
    () => loop.request(),
    () => {},
  );

  try {
    const { host = "0.0.0.0", port } = options.health ?? { port: 10256 };
    if (port !== undefined)
      await health.listen(host, port).catch((err) => log.error({ err, port }, "the proxy's health port cannot be opened"));
    await loop.run(signal);
  } finally {
    full.cancel();
    for (const stop of stops) stop();
    health.close();
  }
}

/** Takes every rule of the proxy away. */
export async function removeKubeProxy(run: Run = runHere): Promise<void> {
  await removeNftables(run);
  await removeIptables(run);
}

/** Half-closed connections are kept an hour, others a day: what clients of kube-proxy know. Best effort: not every kernel has them. */
async function setConntrackTimeouts(run: Run, log: Logger): Promise<void> {
  const write =
    "cd /proc/sys/net/netfilter && echo 86400 > nf_conntrack_tcp_timeout_established && echo 3600 > nf_conntrack_tcp_timeout_close_wait";
  const { code, stderr } = await run(["sh", "-c", write], { allowFailure: true });
  if (code !== 0) log.warn({ err: stderr }, "the connection table's timeouts cannot be set");
}

class ServiceProxy {
  readonly #options: KubeProxyOptions;
  readonly #health: ProxyHealth;
  readonly #backends: { family: IpFamily; backend: ProxyBackend; ports: Map<string, PortPlan[]> }[];
  #dirty = new Set<string>();
  #isFirst = true;

  constructor(options: KubeProxyOptions, health: ProxyHealth) {
    this.#options = options;
    this.#health = health;
    const {
      mode = "nftables",
      run = runHere,
      platform = realPlatform,
      serviceCidrs = [],
      nodePortAddresses = [],
      clusterCidr,
    } = options;
    const backendOptions: BackendOptions = { clusterCidr, serviceCidrs, nodePortAddresses, nodeIps: () => this.#nodeIps() };
    this.#backends = ([4, 6] as const).map((family) => ({
      family,
      backend:
        mode === "iptables"
          ? iptablesBackend(family, backendOptions, run)
          : nftablesBackend(family, backendOptions, run, () => platform.clock.monotonic()),
      ports: new Map(),
    }));
  }

  markDirty(serviceKey: string): void {
    this.#dirty.add(serviceKey);
  }

  requestFull(): void {
    for (const { backend } of this.#backends) backend.requestFull();
  }

  /** Answers after how long it wants to be called again. */
  async sync(): Promise<number | undefined> {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    let udpChanged = this.#isFirst;
    try {
      for (const { family, backend, ports } of this.#backends) {
        const changes = new Map<string, PortPlan | undefined>();
        for (const key of dirty) {
          const plans = this.#plan(key, family);
          const old = ports.get(key) ?? [];
          for (const { port } of old) changes.set(port.id, undefined);
          for (const plan of plans) changes.set(plan.port.id, plan);
          if (plans.length) ports.set(key, plans);
          else ports.delete(key);
          udpChanged ||= [...old, ...plans].some(({ port }) => port.protocol === "udp");
        }
        await backend.apply(changes);
      }
    } catch (error) {
      for (const key of dirty) this.#dirty.add(key);
      this.requestFull();
      throw error;
    }
    if (this.#isFirst) await this.#removeOtherMode();
    this.#isFirst = false;
    this.#health.updated();
    await this.#health.setServices(this.#serviceHealth());
    const { run = runHere, log = silentLogger } = this.#options;
    if (udpChanged) await cleanStaleFlows(this.#ports(), run, log);
    const due = this.#backends.map(({ backend }) => backend.cleanupDueMs).filter((ms) => ms !== undefined);
    return due.length ? Math.min(...due) : undefined;
  }

  /** Rules of the other language, from before the mode was changed, would act on the same packets. */
  async #removeOtherMode(): Promise<void> {
    const { mode, run = runHere, log = silentLogger } = this.#options;
    const remove = mode === "iptables" ? removeNftables : removeIptables;
    await remove(run).catch((err) => log.warn({ err }, "rules of the other proxy mode cannot be removed"));
  }

  #plan(key: string, family: IpFamily): PortPlan[] {
    const { informers, nodeName } = this.#options;
    const service = informers.informer(Service).cache.get(key);
    if (!service) return [];
    const slices = informers.informer(EndpointSlice).cache.byIndex(SERVICE, key);
    const zone = this.#node()?.metadata.labels?.[ZONE_LABEL];
    return servicePorts({ service, slices, family, nodeName }).map((port) => planPort(port, { nodeName, zone }));
  }

  *#ports(): Iterable<ServicePort> {
    for (const { ports } of this.#backends) for (const plans of ports.values()) for (const { port } of plans) yield port;
  }

  #serviceHealth() {
    const found = new Map<number, { namespace: string; name: string; port: number; localEndpoints: number }>();
    const counted = new Map<number, Set<string>>();
    for (const { namespace, name, healthCheckNodePort, endpoints } of this.#ports()) {
      if (!healthCheckNodePort) continue;
      const local = counted.get(healthCheckNodePort) ?? new Set<string>();
      for (const { ip, ready, local: here } of endpoints) if (ready && here) local.add(ip);
      counted.set(healthCheckNodePort, local);
      found.set(healthCheckNodePort, { namespace, name, port: healthCheckNodePort, localEndpoints: local.size });
    }
    return [...found.values()];
  }

  #node(): Node | undefined {
    return this.#options.informers.informer(Node).cache.get(this.#options.nodeName);
  }

  #nodeIps(): string[] {
    const addresses = this.#node()?.status?.addresses ?? [];
    return addresses.filter(({ type }) => type === "InternalIP" || type === "ExternalIP").map(({ address }) => address);
  }
}

/** The key of the Service that a slice belongs to. */
function sliceService(slice: EndpointSlice): string {
  const name = slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? "";
  return keyOf({ namespace: slice.metadata.namespace, name });
}
