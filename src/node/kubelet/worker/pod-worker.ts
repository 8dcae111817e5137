/**
 * Everything that happens to one pod, one thing after the other; pods are independent of each other.
 *
 *     syncing ──► terminating ──► terminated ──► gone
 *
 * `wake` may be called at any time and as often as anybody likes: it only says that there may be something to do. What there is to do is
 * decided afresh from spec, runtime and probes, so that a restarted kubelet takes up in the middle.
 *
 * @source pkg/kubelet/pod_workers.go, pkg/kubelet/kubelet.go SyncPod, SyncTerminatingPod, SyncTerminatedPod v1.36
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Pod } from "../../../shared/api/core/pod.ts";
import { isNotFound, isConflict } from "../../../shared/apimachinery/errors.ts";
import { parseTime, type Timer } from "../../../shared/lib/platform.ts";
import { isCriNotFound } from "../../cri/index.ts";
import { eventSubject, type KubeletContext } from "../context.ts";
import type { WaitingReason } from "../pod/container-status.ts";
import { isTerminalPhase } from "../pod/containers.ts";
import { podLogDir } from "../pod/sandbox-config.ts";
import { podStatus, type StatusInput } from "../pod/status.ts";
import type { RuntimePod } from "../runtime/types.ts";
import { Backoff } from "./backoff.ts";
import { killPod } from "./kill.ts";
import { PodResize } from "./resize.ts";
import { StartError } from "./start-error.ts";
import { dropStaleReasons, syncPod } from "./sync.ts";

const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** How often it is looked whether there is room for a resize by now. */
const RESIZE_RETRY_MS = 5_000;
/** Volumes are brought up to date this often even if nothing happens. */
const RESYNC_MS = 60_000;

type Phase = "syncing" | "terminating" | "terminated" | "gone";

export class PodWorker {
  readonly uid: string;
  readonly #context: KubeletContext;
  readonly #waiting = new Map<string, WaitingReason>();
  readonly #backoff: Backoff;
  readonly #resize: PodResize;
  /** As it was granted; `#asked` is what the API has. */
  #pod: Pod;
  #asked: Pod | undefined;
  #phase: Phase = "syncing";
  #verdict: StatusInput["verdict"];
  /** The API server has the object no more: nobody is left to be told. */
  #removed = false;
  #dirty = false;
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  #pass = new AbortController();
  #closed = false;
  readonly #onGone: (uid: string) => void;

  constructor(context: KubeletContext, pod: Pod, onGone: (uid: string) => void) {
    this.#context = context;
    this.#resize = new PodResize(pod);
    this.#pod = pod;
    this.uid = pod.metadata.uid!;
    this.#backoff = new Backoff(() => context.platform.clock.now());
    this.#onGone = onGone;
    if (isTerminalPhase(pod.status?.phase)) this.#phase = "terminating";
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** Its containers are not needed any more, or never were. */
  get ended(): boolean {
    return this.#phase === "terminated" || this.#phase === "gone";
  }

  update(pod: Pod): void {
    const before = this.#pod;
    this.#asked = pod;
    this.#pod = this.#resize.grant(pod, this.#context.roomForResize);
    const grace = pod.metadata.deletionGracePeriodSeconds ?? Infinity;
    const deleted = pod.metadata.deletionTimestamp && !before.metadata.deletionTimestamp;
    const sooner = grace < (before.metadata.deletionGracePeriodSeconds ?? Infinity);
    // Whatever is under way (a pull, a longer grace period) makes room.
    if (deleted || sooner) this.#interrupt();
    this.wake();
  }

  /** The object is gone: what runs of it has to go too. */
  remove(): void {
    this.#removed = true;
    if (!this.#pod.metadata.deletionTimestamp) this.#interrupt();
    this.wake();
  }

  /** The node refuses the pod, or ends it. */
  fail(reason: string, message: string): void {
    this.#verdict = { phase: "Failed", reason, message };
    this.#interrupt();
    this.wake();
  }

  wake(): void {
    if (this.#closed || this.#phase === "gone") return;
    this.#dirty = true;
    this.#running ??= this.#loop().finally(() => {
      this.#running = undefined;
      if (this.#dirty) this.wake();
    });
  }

  /** Stops looking after the pod; its containers keep running. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#pass.abort(new Error("the kubelet stops"));
    await this.#running;
  }

  /** The waiting reasons are part of the status. */
  statusInput(runtime: RuntimePod): StatusInput {
    const { statuses, probes, hostIPs, platform } = this.#context;
    return {
      pod: this.#pod,
      runtime,
      old: statuses.get(this.uid) ?? this.#pod.status ?? {},
      probes,
      waiting: (name) => this.#waiting.get(name),
      hostIPs: hostIPs(),
      now: platform.clock.now(),
      resize: this.#resizeState(runtime),
      appliedResources: (name) => this.#resize.applied(name),
      ...(this.#verdict && { verdict: this.#verdict }),
    };
  }

  #resizeState(runtime: RuntimePod): NonNullable<StatusInput["resize"]> {
    const { pending } = this.#resize;
    const inProgress = this.#resize.toApply(this.#pod, runtime).length > 0;
    return { ...(pending && { pending }), ...(inProgress && { inProgress: {} }) };
  }

  #interrupt(): void {
    this.#pass.abort(new Error("superseded"));
    this.#pass = new AbortController();
  }

  async #loop(): Promise<void> {
    while (this.#dirty && !this.#closed) {
      this.#dirty = false;
      this.#timer?.cancel();
      const { signal } = this.#pass;
      try {
        const retryAt = await this.#step(signal);
        this.#failures = 0;
        if (!this.#dirty) this.#wakeAt(retryAt);
      } catch (error) {
        if (signal.aborted) this.#dirty = true;
        else this.#failed(error);
      }
    }
  }

  #failed(error: unknown): void {
    const { log, platform } = this.#context;
    const { name, namespace } = this.#pod.metadata;
    log.warn({ err: error, pod: name, namespace }, "a pod could not be brought to its desired state");
    const wait = Math.min(RETRY_MS * 2 ** this.#failures++, MAX_RETRY_MS);
    this.#wakeAt(platform.clock.now() + wait);
  }

  #wakeAt(at: number | undefined): void {
    if (this.#closed || this.#phase === "gone" || this.#phase === "terminated") return;
    const { clock } = this.#context.platform;
    const resync = RESYNC_MS * (0.75 + this.#context.platform.random.next() / 2);
    const wait = Math.min(at === undefined ? Infinity : Math.max(at - clock.now(), 0), resync);
    this.#timer?.cancel();
    this.#timer = clock.after(wait, () => this.wake(), { background: true });
  }

  /** Returns when to come back. */
  async #step(signal: AbortSignal): Promise<number | undefined> {
    const wanted = this.#removed || this.#pod.metadata.deletionTimestamp || this.#verdict;
    if (this.#phase === "syncing" && wanted) this.#phase = "terminating";
    if (this.#phase === "syncing") return this.#sync(signal);
    if (this.#phase === "terminating") await this.#terminate(signal);
    if (this.#phase === "terminated") await this.#finish();
    return undefined;
  }

  async #sync(signal: AbortSignal): Promise<number | undefined> {
    const runtime = this.#context.view.get(this.uid);
    if (this.#resize.pending && this.#asked) this.#pod = this.#resize.grant(this.#asked, this.#context.roomForResize);
    dropStaleReasons(this.#pod, runtime, this.#waiting);
    this.#context.probes.watchPod(this.#pod);
    const status = this.#publish(runtime);
    if (isTerminalPhase(status.phase)) {
      this.#phase = "terminating";
      this.#dirty = true;
      return undefined;
    }
    const deadline = this.#deadline(status.startTime);
    if (deadline !== undefined && deadline <= this.#context.platform.clock.now()) {
      this.#context.recorder.event(eventSubject(this.#pod), "Normal", "DeadlineExceeded", DEADLINE_MESSAGE);
      this.#verdict = { phase: "Failed", reason: "DeadlineExceeded", message: DEADLINE_MESSAGE };
      this.#dirty = true;
      return undefined;
    }
    this.#checkNetwork();
    const podIPs = (status.podIPs ?? []).map(({ ip }) => ip);
    const result = await this.#attempt({
      pod: this.#pod,
      runtime,
      podIPs,
      backoff: this.#backoff,
      waiting: this.#waiting,
      resize: this.#resize,
      signal,
    });
    if (result.acted) {
      const next = this.#publish(await this.#context.view.refresh(this.uid));
      // A finished step may allow the next one; one that has to wait is not tried at once.
      if (result.retryAt === undefined || isTerminalPhase(next.phase)) this.#dirty = true;
    }
    const again = this.#resize.pending ? this.#context.platform.clock.now() + RESIZE_RETRY_MS : undefined;
    return earliest(result.retryAt, deadline, again);
  }

  /** What was done before a failure is looked at all the same. */
  async #attempt(request: Parameters<typeof syncPod>[1]): Promise<Awaited<ReturnType<typeof syncPod>>> {
    try {
      return await syncPod(this.#context, request);
    } catch (error) {
      if (error instanceof StartError || request.signal.aborted) await this.#context.view.refresh(this.uid);
      throw error;
    }
  }

  #checkNetwork(): void {
    const problem = this.#pod.spec.hostNetwork ? "" : this.#context.networkProblem();
    if (!problem) return;
    const message = `network is not ready: ${problem}`;
    this.#context.recorder.event(eventSubject(this.#pod), "Warning", "NetworkNotReady", message);
    throw new Error(message);
  }

  #deadline(startTime: string | undefined): number | undefined {
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    return seconds === undefined || !startTime ? undefined : parseTime(startTime) + seconds * 1000;
  }

  #publish(runtime: RuntimePod, terminal = false) {
    this.#context.probes.observe(this.#pod, runtime);
    const status = podStatus({ ...this.statusInput(runtime), terminal });
    if (!this.#removed) this.#context.statuses.set(this.#pod, status);
    return status;
  }

  async #terminate(signal: AbortSignal): Promise<void> {
    const { view, probes, statuses } = this.#context;
    const runtime = await view.refresh(this.uid);
    this.#publishWhileEnding(runtime);
    probes.quiet(this.uid);
    const podIP = statuses.get(this.uid)?.podIP ?? "";
    await killPod(this.#context, { pod: this.#pod, runtime, podIP, signal });
    probes.drop(this.uid);
    const stopped = await view.refresh(this.uid);
    const left = stopped.containers.filter(({ state }) => state === "running");
    if (left.length > 0) throw new Error(`containers run after they were stopped: ${left.map(({ id }) => id).join(", ")}`);
    this.#publish(stopped, true);
    this.#phase = "terminated";
  }

  /** The phase stays what it was until nothing runs any more. */
  #publishWhileEnding(runtime: RuntimePod): void {
    if (this.#removed) return;
    const { statuses } = this.#context;
    const old = statuses.get(this.uid) ?? this.#pod.status ?? {};
    const { verdict: _, ...input } = this.statusInput(runtime);
    const status = podStatus(input);
    const running = runtime.containers.some(({ state }) => state === "running");
    const phase = running && isTerminalPhase(status.phase) && !isTerminalPhase(old.phase) ? old.phase : status.phase;
    statuses.set(this.#pod, { ...status, ...(phase && { phase }) });
  }

  /** Gives back what the pod held; tells the API server, and once the object is gone, forgets the pod. */
  async #finish(): Promise<void> {
    const { volumes, cgroups, statuses } = this.#context;
    await volumes.unmount(this.uid);
    await cgroups.removePod(this.#pod);
    await statuses.flush(this.uid);
    if (this.#pod.metadata.deletionTimestamp && !this.#removed) await this.#deleteObject();
    if (!this.#removed) return;
    await this.#removeRecords();
    this.#phase = "gone";
    statuses.forget(this.uid);
    this.#context.images.forgetPod(this.uid);
    this.#onGone(this.uid);
  }

  async #deleteObject(): Promise<void> {
    const { name, namespace } = this.#pod.metadata;
    const where = { name: name!, namespace: namespace! };
    try {
      await this.#context.client.delete(Pod, where, { gracePeriodSeconds: 0, preconditions: { uid: this.uid } });
      // Finalizers of others may keep the object; its end will be seen by the watch.
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
      this.#removed = true;
    }
  }

  async #removeRecords(): Promise<void> {
    const { view, cri, rootDir, podLogsDir } = this.#context;
    const runtime = await view.refresh(this.uid);
    await Promise.all(runtime.containers.map(({ id }) => unlessGone(cri.removeContainer(id))));
    await Promise.all(runtime.sandboxes.map(({ id }) => unlessGone(cri.removeSandbox(id))));
    await view.refresh(this.uid);
    await rm(join(rootDir, "pods", this.uid), { recursive: true, force: true });
    await rm(podLogDir(podLogsDir, this.#pod), { recursive: true, force: true });
  }
}

const DEADLINE_MESSAGE = "Pod was active on the node longer than the specified deadline";

function earliest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

async function unlessGone(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!isCriNotFound(error)) throw error;
  }
}
