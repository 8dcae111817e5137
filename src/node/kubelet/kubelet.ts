/**
 * The kubelet: watches the pods of its node, gives each a worker, tells workers what changed in the runtime, and serves what the API
 * server asks of a node.
 *
 *     API watch ─► PodWorker ─► CRI        what should be
 *     relist, probes, volumes ─► PodWorker what is
 */
import { setMaxListeners } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { ConfigMap } from "../../shared/api/core/config-map.ts";
import { Pod } from "../../shared/api/core/pod.ts";
import { Secret } from "../../shared/api/core/secret.ts";
import { Service } from "../../shared/api/core/service.ts";
import type { Taint } from "../../shared/api/generated/core-v1.ts";
import { createEventRecorder, createInformerFactory, type Client, type InformerFactory } from "../../shared/client/index.ts";
import { silentLogger, type Logger } from "../../shared/lib/logger.ts";
import { realPlatform, pause, type Platform } from "../../shared/lib/platform.ts";
import type { Cri } from "../cri/index.ts";
import type { KubeletContext } from "./context.ts";
import { eventSubject } from "./context.ts";
import { removeOrphans } from "./housekeeping.ts";
import { rotateLogs } from "./log-rotation.ts";
import { ImageManager } from "./images/image-manager.ts";
import { CgroupManager } from "./node/cgroups.ts";
import { readMachine } from "./node/machine.ts";
import { NodeReporter } from "./node/node-reporter.ts";
import { refusePod, refuseResources } from "./pod/admission.ts";
import { isTerminalPhase } from "./pod/containers.ts";
import { parseResolvConf, type ResolvConf } from "../../shared/lib/resolv-conf.ts";
import { ProbeManager } from "./probes/probe-manager.ts";
import { relistForever } from "./runtime/relist.ts";
import { RuntimeView } from "./runtime/view.ts";
import { serveKubelet, type KubeletServerOptions } from "./server/index.ts";
import { PodTokens } from "./volumes/tokens.ts";
import { VolumeManager } from "./volumes/volume-manager.ts";
import { WatchedObjects } from "./volumes/watched-objects.ts";
import { PodStatuses } from "./worker/pod-statuses.ts";
import { PodWorker } from "./worker/pod-worker.ts";
import type { ResizePending } from "./worker/resize.ts";

export interface KubeletOptions {
  client: Client;
  /** Shared with others of the process, who starts them; absent: the kubelet makes and starts its own. */
  informers?: InformerFactory;
  cri: Cri;
  nodeName: string;
  /** First the node's own; `InternalIP`. */
  nodeIPs: readonly string[];
  /** Everything the kubelet keeps; survives restarts. */
  rootDir: string;
  /** Default `/var/log/pods`. */
  podLogsDir?: string;
  /** Parent of all cgroups of the node's pods, e.g. `/knarr-default`. */
  cgroupRoot: string;
  clusterDns: readonly string[];
  clusterDomain: string;
  /** The resolver configuration pods inherit. Default `/etc/resolv.conf`. */
  resolvConf?: string;
  labels?: Readonly<Record<string, string>>;
  taints?: readonly Taint[];
  providerId?: string;
  maxPods?: number;
  /** Absent: no HTTPS server. */
  server?: KubeletServerOptions;
  platform?: Platform;
  log?: Logger;
}

const HOUSEKEEPING_MS = 60_000;
const LOG_ROTATION_MS = 10_000;
const DEFAULT_PORT = 10_250;

/** Runs until the signal; containers go on without it. Rejects when the runtime or the machine cannot be used at all. */
export async function runKubelet(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  const kubelet = await Kubelet.create(options);
  // One part that fails ends the others.
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  setMaxListeners(0, stop); // every part and every pause of one listens
  try {
    await kubelet.run(stop);
  } finally {
    ended.abort(new Error("the kubelet ended"));
    await kubelet.close();
  }
}

class Kubelet {
  readonly #options: KubeletOptions;
  readonly #context: KubeletContext;
  readonly #informers: InformerFactory;
  readonly #reporter: NodeReporter;
  readonly #workers = new Map<string, PodWorker>();
  readonly #configMaps: WatchedObjects<ConfigMap>;
  readonly #secrets: WatchedObjects<Secret>;

  static async create(options: KubeletOptions): Promise<Kubelet> {
    await mkdir(options.rootDir, { recursive: true, mode: 0o750 });
    const machine = await readMachine(options.cri, options.rootDir, options.maxPods ?? 110);
    const hostDns = parseResolvConf(await readFile(options.resolvConf ?? "/etc/resolv.conf", "utf8").catch(() => ""));
    return new Kubelet(options, machine, hostDns);
  }

  private constructor(options: KubeletOptions, machine: Awaited<ReturnType<typeof readMachine>>, hostDns: ResolvConf) {
    this.#options = options;
    const { client, cri, nodeName, rootDir, platform = realPlatform, log = silentLogger } = options;
    const { clock } = platform;
    const wake = (uid: string) => this.#workers.get(uid)?.wake();
    this.#informers = options.informers ?? createInformerFactory(client, { platform, log });
    const recorder = createEventRecorder({ client, component: "kubelet", host: nodeName, platform, log });
    this.#configMaps = new WatchedObjects(ConfigMap, { client, clock, log, onChange: wake });
    this.#secrets = new WatchedObjects(Secret, { client, clock, log, onChange: wake });
    this.#reporter = new NodeReporter({
      client,
      cri,
      clock,
      log,
      nodeName,
      machine,
      addresses: options.nodeIPs,
      port: options.server?.port ?? DEFAULT_PORT,
      labels: options.labels ?? {},
      taints: options.taints ?? [],
      ...(options.providerId && { providerId: options.providerId }),
    });
    const tokens = new PodTokens(client, clock);
    this.#context = {
      nodeName,
      client,
      cri,
      platform,
      log,
      recorder,
      rootDir,
      hostDns,
      view: new RuntimeView(cri),
      statuses: new PodStatuses({ client, log, clock }),
      images: new ImageManager(cri, clock),
      probes: new ProbeManager({ cri, clock, recorder, onChange: wake, hostIP: () => options.nodeIPs[0] ?? "" }),
      cgroups: new CgroupManager(options.cgroupRoot, log),
      clusterDns: { servers: options.clusterDns, domain: options.clusterDomain },
      podLogsDir: options.podLogsDir ?? "/var/log/pods",
      memoryCapacity: machine.memoryBytes,
      appArmor: machine.appArmor,
      hostIPs: () => options.nodeIPs,
      allocatable: () => this.#reporter.allocatable,
      networkProblem: () => this.#reporter.networkProblem,
      roomForResize: (pod) => this.#roomForResize(pod),
      envSources: (pod, podIPs) => ({ ...this.#objectSources(pod, podIPs), services: this.#services() }),
      volumes: new VolumeManager({
        rootDir,
        client,
        cri,
        now: () => clock.now(),
        sources: (pod) => ({ ...this.#objectSources(pod, []), token: (of, projection) => tokens.get(of, projection) }),
        release: (uid) => {
          this.#configMaps.release(uid);
          this.#secrets.release(uid);
          tokens.forget(uid);
        },
      }),
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { nodeName } = this.#options;
    await this.#context.view.relist();
    const pods = this.#informers.informer(Pod, { fieldSelector: `spec.nodeName=${nodeName}` });
    const services = this.#informers.informer(Service);
    const work = [this.#reporter.run(signal), this.#serve(signal)];
    if (!this.#options.informers) await this.#informers.start(signal);
    await Promise.all([pods.whenSynced(signal), services.whenSynced(signal)]);
    await this.#whenRegistered(signal);
    pods.onEvent({
      added: (pod) => this.#podAdded(pod),
      updated: (pod, old) => {
        // A new object of the same name may take the place of one whose end was missed.
        if (old.metadata.uid !== pod.metadata.uid) this.#workers.get(old.metadata.uid!)?.remove();
        this.#podAdded(pod);
      },
      deleted: (pod) => this.#workers.get(pod.metadata.uid!)?.remove(),
    });
    await Promise.all([
      ...work,
      relistForever(this.#context, (uid) => this.#workers.get(uid)?.wake(), signal),
      this.#every(
        HOUSEKEEPING_MS,
        "removing what pods left behind",
        () => removeOrphans(this.#context, new Set(this.#workers.keys())),
        signal,
      ),
      this.#every(LOG_ROTATION_MS, "rotating logs", () => rotateLogs(this.#context), signal),
    ]);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
    this.#context.probes.close();
    this.#context.statuses.close();
    this.#context.recorder.close();
    this.#configMaps.close();
    this.#secrets.close();
    if (!this.#options.informers) this.#informers.close();
  }

  async #serve(signal: AbortSignal): Promise<void> {
    const { server } = this.#options;
    if (!server) return;
    await serveKubelet(server, { context: this.#context, pods: () => [...this.#workers.values()].map(({ pod }) => pod) }, signal);
  }

  async #whenRegistered(signal: AbortSignal): Promise<void> {
    while (!this.#reporter.node && !signal.aborted) await pause(this.#context.platform.clock, 10, signal);
  }

  #objectSources(pod: Pod, podIPs: readonly string[]) {
    const { namespace, uid } = pod.metadata;
    return {
      pod,
      podIPs,
      hostIPs: this.#options.nodeIPs,
      allocatable: this.#reporter.allocatable,
      configMap: (name: string) => this.#configMaps.get(namespace!, name, uid!),
      secret: (name: string) => this.#secrets.get(namespace!, name, uid!),
    };
  }

  #services(): Service[] {
    return this.#informers.informer(Service).cache.list();
  }

  #podAdded(pod: Pod): void {
    const uid = pod.metadata.uid!;
    const known = this.#workers.get(uid);
    if (known) return known.update(pod);
    const worker = new PodWorker(this.#context, pod, (gone) => this.#workers.delete(gone));
    this.#workers.set(uid, worker);
    if (this.#refusal(pod)) void this.#refuseUnlessNodeChanged(worker, pod);
    else worker.wake();
  }

  /** The scheduler may have seen a label or a resource of the node that has not reached us: the Node is read anew before a pod is failed. */
  async #refuseUnlessNodeChanged(worker: PodWorker, pod: Pod): Promise<void> {
    await this.#reporter
      .refresh()
      .catch((error: unknown) => this.#context.log.warn({ err: error }, "the node could not be read"));
    const refusal = this.#refusal(pod);
    if (!refusal) return worker.wake();
    this.#context.recorder.event(eventSubject(pod), "Warning", refusal.reason, refusal.message);
    worker.fail(refusal.reason, `Pod was rejected: ${refusal.message}`);
  }

  #others(uid: string): Pod[] {
    return [...this.#workers.values()]
      .filter((worker) => !worker.ended && worker.uid !== uid && !isTerminalPhase(worker.pod.status?.phase))
      .map((worker) => worker.pod);
  }

  #roomForResize(pod: Pod): ResizePending | undefined {
    const { allocatable } = this.#reporter;
    const alone = refuseResources({ pod, allocatable, others: [] });
    if (alone)
      return {
        reason: "Infeasible",
        message: alone.message.replace("enough resource", "enough capacity").replace(/ used: \d+,/, ""),
      };
    const now = refuseResources({ pod, allocatable, others: this.#others(pod.metadata.uid!) });
    return now && { reason: "Deferred", message: now.message.replace(/, requested.*/, "") };
  }

  /** Only a pod that never ran here is judged: a restart of the kubelet refuses nobody. */
  #refusal(pod: Pod): ReturnType<typeof refusePod> {
    const { node } = this.#reporter;
    const ran = this.#context.view.get(pod.metadata.uid!).sandboxes.length > 0;
    if (!node || ran || pod.metadata.deletionTimestamp || isTerminalPhase(pod.status?.phase)) return undefined;
    const others = this.#others(pod.metadata.uid!);
    return refusePod({ pod, node, others, allocatable: this.#reporter.allocatable, appArmor: this.#context.appArmor });
  }

  async #every(ms: number, what: string, action: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await action().catch((error: unknown) => {
        if (!signal.aborted) this.#context.log.warn({ err: error }, `${what} failed`);
      });
      await pause(this.#context.platform.clock, ms, signal);
    }
  }
}
