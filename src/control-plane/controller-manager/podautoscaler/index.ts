/** Horizontal pod autoscalers: looks every 15 s what pods use, and scales their owner to it. */
import { HorizontalPodAutoscaler, Pod, type Kind } from "../../../shared/api/index.ts";
import type { Scale } from "../../../shared/api/generated/autoscaling-v1.ts";
import type { HorizontalPodAutoscalerStatus } from "../../../shared/api/generated/autoscaling-v2.ts";
import { setCondition } from "../../../shared/apimachinery/index.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import { defineController, done, refersTo, type ControllerContext } from "../../../shared/client/index.ts";
import { discoverKinds } from "../common/discovery.ts";
import { messageOf } from "../common/pod-control.ts";
import { sameOnTheWire, writeStatus } from "../common/write-status.ts";
import { limit, type Memory } from "./limits.ts";
import { MetricError, replicasFor, type Wanted } from "./metrics.ts";

const EVERY_MS = 15_000;

type Hpa = HorizontalPodAutoscaler;
type State = Map<string, Memory>;

export const podAutoscaler = defineController<State>({
  name: "horizontal-pod-autoscaler",
  for: HorizontalPodAutoscaler,
  when: (hpa: Hpa, old: Hpa | undefined, deleted) => deleted || !old || !sameOnTheWire(hpa.spec, old.spec),
  reads: [Pod],
  createState: () => new Map(),
  async reconcile(key, context) {
    const hpa = context.cache.get(HorizontalPodAutoscaler, key);
    if (!hpa) {
      context.state.delete(key);
      return done;
    }
    const round = new Round(hpa, context);
    try {
      await round.run(memoryOf(context.state, key));
    } catch (error) {
      if (!round.told) throw error;
    } finally {
      await writeStatus(HorizontalPodAutoscaler, hpa, round.status, context.client);
    }
    return { requeueAfterMs: EVERY_MS };
  },
});

function memoryOf(state: State, key: string): Memory {
  let memory = state.get(key);
  if (!memory) state.set(key, (memory = { recommendations: [], changes: [] }));
  return memory;
}

class Round {
  status: HorizontalPodAutoscalerStatus;
  /** The failure stands in the conditions already. */
  told = false;
  readonly #hpa: Hpa;
  readonly #context: ControllerContext<State>;

  constructor(hpa: Hpa, context: ControllerContext<State>) {
    this.#hpa = hpa;
    this.#context = context;
    this.status = {
      ...hpa.status,
      desiredReplicas: hpa.status?.desiredReplicas ?? 0,
      observedGeneration: hpa.metadata.generation ?? 0,
    };
  }

  async run(memory: Memory): Promise<void> {
    const { spec } = this.#hpa;
    const { kind, scale } = await this.#scale();
    this.#set("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale");
    const current = scale.spec.replicas ?? 0;
    this.status.currentReplicas = scale.status.replicas;
    const min = spec.minReplicas ?? 1;
    // The size it has counts as a recommendation: nothing is taken away the moment this process starts.
    if (memory.recommendations.length === 0) memory.recommendations.push({ at: this.#context.clock.now(), replicas: current });
    let desired = current;
    let why = "";
    if (current === 0 && min !== 0) {
      this.status.desiredReplicas = 0;
      this.#set("ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero");
      return;
    }
    if (current > spec.maxReplicas) [desired, why] = [spec.maxReplicas, "Current number of replicas above Spec.MaxReplicas"];
    else if (current < min) [desired, why] = [min, "Current number of replicas below Spec.MinReplicas"];
    else {
      const wanted = await this.#measure(scale, current);
      desired = this.#limit(memory, current, wanted.replicas);
      why = desired < current ? "All metrics below target" : `${wanted.name} above target`;
    }
    this.status.desiredReplicas = desired;
    if (desired !== current) await this.#rescale(kind, scale, desired, why, memory);
  }

  #limit(memory: Memory, current: number, wanted: number): number {
    const { replicas, stabilized, limited, reason, message } = limit(
      this.#hpa,
      memory,
      current,
      wanted,
      this.#context.clock.now(),
    );
    if (stabilized) this.#set("AbleToScale", "True", stabilized.reason, stabilized.message);
    else this.#set("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size");
    this.#set("ScalingLimited", limited ? "True" : "False", reason, message);
    return replicas;
  }

  async #scale(): Promise<{ kind: Kind<any>; scale: Scale }> {
    const { scaleTargetRef } = this.#hpa.spec;
    const { client } = this.#context;
    try {
      const reference = {
        apiVersion: scaleTargetRef.apiVersion ?? "v1",
        kind: scaleTargetRef.kind,
        name: scaleTargetRef.name,
        uid: "",
      };
      const { kinds } = await discoverKinds(client);
      const kind = kinds.find((k) => refersTo(reference, k));
      if (!kind)
        throw new Error(`no matches for kind ${JSON.stringify(reference.kind)} in group ${JSON.stringify(reference.apiVersion)}`);
      return { kind, scale: await client.subresource<Scale>(kind, this.#target(), "scale", { method: "GET" }) };
    } catch (error) {
      this.#context.events.event(this.#hpa, "Warning", "FailedGetScale", messageOf(error));
      this.#set(
        "AbleToScale",
        "False",
        "FailedGetScale",
        `the HPA controller was unable to get the target's current scale: ${messageOf(error)}`,
      );
      this.told = true;
      throw error;
    }
  }

  /** The metric that asks for most; one that fails only matters where it might have asked for more. */
  async #measure(scale: Scale, current: number): Promise<Wanted> {
    const { metrics = [] } = this.#hpa.spec;
    const results = await Promise.allSettled(
      metrics.map((m) => replicasFor(this.#hpa, m, scale.status.selector ?? "", current, this.#context)),
    );
    const wanted = results.filter((r) => r.status === "fulfilled").map((r) => r.value);
    const failures = results.filter((r) => r.status === "rejected").map((r) => r.reason as MetricError);
    const most = wanted.reduce<Wanted | undefined>((a, b) => (a && a.replicas >= b.replicas ? a : b), undefined);
    for (const failure of failures) this.#context.events.event(this.#hpa, "Warning", failure.reason, failure.message);
    if (!most || (failures.length && most.replicas < current)) {
      const { reason, message } = failures[0]!;
      this.#set("ScalingActive", "False", reason, `the HPA was unable to compute the replica count: ${message}`);
      this.#context.events.event(
        this.#hpa,
        "Warning",
        "FailedComputeMetricsReplicas",
        `invalid metrics (${failures.length} invalid out of ${metrics.length}), first error is: ${message}`,
      );
      this.told = true;
      throw failures[0]!;
    }
    this.status.currentMetrics = wanted.map((w) => w.status);
    this.#set(
      "ScalingActive",
      "True",
      "ValidMetricFound",
      `the HPA was able to successfully calculate a replica count from ${most.name}`,
    );
    return most;
  }

  async #rescale(kind: Kind<any>, scale: Scale, desired: number, why: string, memory: Memory): Promise<void> {
    const { client, clock, events } = this.#context;
    try {
      const body = { ...scale, spec: { ...scale.spec, replicas: desired } };
      await client.subresource(kind, this.#target(), "scale", { method: "PUT", body });
    } catch (error) {
      events.event(this.#hpa, "Warning", "FailedRescale", `New size: ${desired}; reason: ${why}; error: ${messageOf(error)}`);
      this.#set(
        "AbleToScale",
        "False",
        "FailedUpdateScale",
        `the HPA controller was unable to update the target scale: ${messageOf(error)}`,
      );
      throw error;
    }
    this.#set("AbleToScale", "True", "SucceededRescale", `the HPA controller was able to update the target scale to ${desired}`);
    events.event(this.#hpa, "Normal", "SuccessfulRescale", `New size: ${desired}; reason: ${why}`);
    memory.changes.push({ at: clock.now(), by: desired - (scale.spec.replicas ?? 0) });
    this.status.lastScaleTime = formatTime(clock.now());
  }

  #target() {
    return { namespace: this.#hpa.metadata.namespace!, name: this.#hpa.spec.scaleTargetRef.name };
  }

  #set(type: string, status: "True" | "False", reason: string, message: string): void {
    this.status.conditions = setCondition(
      this.status.conditions,
      { type, status, reason, message },
      formatTime(this.#context.clock.now()),
    );
  }
}
