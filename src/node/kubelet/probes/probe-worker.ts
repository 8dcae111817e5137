/**
 * One probe of one container, run again and again while the container runs.
 *
 * @source pkg/kubelet/prober/worker.go v1.36
 */
import type { Container, Probe } from "../../../shared/api/generated/core-v1.ts";
import type { Clock, Timer } from "../../../shared/lib/platform.ts";
import type { RuntimeContainer } from "../runtime/types.ts";
import type { ProbeOutcome, ProbeTarget } from "./run-probe.ts";

export type ProbeKind = "Startup" | "Liveness" | "Readiness";

export interface ProbeWorkerOptions {
  kind: ProbeKind;
  probe: Probe;
  container: Container;
  clock: Clock;
  run(target: ProbeTarget): Promise<ProbeOutcome>;
  /** A threshold was reached. */
  onResult(containerId: string, healthy: boolean): void;
  onUnhealthy(outcome: ProbeOutcome): void;
}

/**
 * Differs: a container that is not ready yet is asked again after a moment, not only after a whole period, so that it is ready as soon as
 * it serves. Upstream comes to the same by asking whenever it looks at the pod. These tries are not reported. Commands are not repeated
 * like this: running one is not cheap.
 */
const EARLY_RETRIES_MS = [50, 100, 200, 400, 800];

export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  #timer: Timer | undefined;
  #containerId = "";
  #startedAt = 0;
  #podIP = "";
  #run = 0;
  #last: boolean | undefined;
  #early = 0;
  #probing = false;
  #stopped = false;

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
  }

  /** Begins afresh with another container, goes on with the same. `allowed`: its startup probe has succeeded, or it has none. */
  observe(running: RuntimeContainer | undefined, podIP: string, allowed: boolean): void {
    if (!running || !allowed) return this.#pause(running?.id ?? "");
    this.#podIP = podIP;
    if (running.id === this.#containerId) return;
    this.#containerId = running.id;
    this.#startedAt = running.startedAt;
    this.#run = 0;
    this.#last = undefined;
    this.#early = 0;
    const { clock, probe } = this.#options;
    const due = this.#startedAt + (probe.initialDelaySeconds ?? 0) * 1000;
    this.#schedule(Math.max(due - clock.now(), 0));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #pause(id: string): void {
    if (this.#containerId && this.#containerId !== id) this.#containerId = "";
    if (!this.#containerId) this.#timer?.cancel();
  }

  #schedule(ms: number): void {
    this.#timer?.cancel();
    if (!this.#stopped) this.#timer = this.#options.clock.after(ms, () => void this.#probe(), { background: true });
  }

  async #probe(): Promise<void> {
    if (this.#probing || this.#stopped || !this.#containerId) return;
    this.#probing = true;
    const { clock, container, probe } = this.#options;
    const id = this.#containerId;
    const begun = clock.monotonic();
    const outcome = await this.#options.run({ container, containerId: id, podIP: this.#podIP });
    this.#probing = false;
    if (this.#stopped || !this.#containerId) return;
    // Another container meanwhile: it is due at once.
    if (id !== this.#containerId) return this.#schedule(0);
    const soon = this.#earlyRetry(outcome);
    if (soon !== undefined) {
      this.#early++;
      return this.#schedule(soon);
    }
    if (outcome.result !== "success") this.#options.onUnhealthy(outcome);
    if (!this.#take(outcome, id)) return;
    const period = (probe.periodSeconds ?? 10) * 1000;
    this.#schedule(Math.max(period - (clock.monotonic() - begun), 0));
  }

  /** Returns whether to probe this container further. */
  #take(outcome: ProbeOutcome, id: string): boolean {
    const { kind, probe } = this.#options;
    if (outcome.result === "unknown") return true;
    const healthy = outcome.result !== "failure";
    this.#run = this.#last === healthy ? this.#run + 1 : 1;
    this.#last = healthy;
    const threshold = healthy ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#run < threshold) return true;
    this.#options.onResult(id, healthy);
    // Started is started; a container that is to be killed is left alone.
    return !(kind === "Startup" || (kind === "Liveness" && !healthy));
  }

  #earlyRetry(outcome: ProbeOutcome): number | undefined {
    const { kind, probe } = this.#options;
    if (kind !== "Readiness" || probe.exec || this.#last === true || outcome.result !== "failure") return undefined;
    const wait = EARLY_RETRIES_MS[this.#early];
    return wait !== undefined && wait < (probe.periodSeconds ?? 10) * 1000 ? wait : undefined;
  }
}
