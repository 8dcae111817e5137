/**
 * The conditions of a pod that the kubelet owns.
 *
 * @source pkg/kubelet/status/generate.go, pkg/kubelet/types/pod_status.go v1.36
 */
import type { ContainerStatus, Pod, PodCondition } from "../../../shared/api/generated/core-v1.ts";
import type { RuntimePod } from "../runtime/types.ts";
import { planSandbox } from "./actions.ts";
import { initContainers, isSidecar, regularContainers } from "./containers.ts";
import type { PodPhase } from "./phase.ts";

/** Written by the kubelet alone; all others are kept as the API has them. */
export const KUBELET_CONDITIONS: ReadonlySet<string> = new Set([
  "PodScheduled",
  "Ready",
  "Initialized",
  "ContainersReady",
  "PodReadyToStartContainers",
  "PodResizePending",
  "PodResizeInProgress",
  "AllContainersRestarting",
]);

type Verdict = { status: "True" | "False"; reason?: string; message?: string };

const yes: Verdict = { status: "True" };
const no = (reason?: string, message?: string): Verdict => ({
  status: "False",
  ...(reason && { reason }),
  ...(message && { message }),
});

export interface ConditionInput {
  pod: Pod;
  runtime: RuntimePod;
  phase: PodPhase;
  /** Init and regular ones. */
  statuses: readonly ContainerStatus[];
  /** Those of the API that others own. */
  foreign: readonly PodCondition[];
  resize?: ResizeState;
}

export interface ResizeState {
  /** The node has no room for what the spec asks. */
  pending?: { reason: string; message: string };
  /** Granted, not yet done. */
  inProgress?: { message?: string };
}

/** Without transition times. */
export function kubeletConditions(input: ConditionInput): PodCondition[] {
  const { pod, runtime, phase, statuses, foreign } = input;
  const containersReady = containersReadyVerdict(pod, statuses, phase);
  const verdicts: [string, Verdict][] = [
    ["PodReadyToStartContainers", planSandbox(pod, runtime).create ? no() : yes],
    ["Initialized", initializedVerdict(pod, statuses, phase)],
    ["Ready", containersReady.status === "True" ? readinessGatesVerdict(pod, foreign) : containersReady],
    ["ContainersReady", containersReady],
    ["PodScheduled", yes],
    ...resizeVerdicts(input.resize),
  ];
  const { generation } = pod.metadata;
  return verdicts.map(([type, verdict]) => ({ type, ...(generation && { observedGeneration: generation }), ...verdict }));
}

/** Only there while they are true. */
function resizeVerdicts({ pending, inProgress }: ResizeState = {}): [string, Verdict][] {
  const failed = inProgress?.message ? { reason: "Error", message: inProgress.message } : {};
  return [
    ...(pending ? [["PodResizePending", { ...yes, ...pending }] as [string, Verdict]] : []),
    ...(inProgress ? [["PodResizeInProgress", { ...yes, ...failed }] as [string, Verdict]] : []),
  ];
}

function containersReadyVerdict(pod: Pod, statuses: readonly ContainerStatus[], phase: PodPhase): Verdict {
  const watched = [...initContainers(pod).filter(isSidecar), ...regularContainers(pod)].map(({ name }) => name);
  const { unknown, failing } = sortOut(watched, statuses, (status) => status.ready);
  if (phase === "Succeeded" && unknown.length === 0) return no("PodCompleted");
  if (phase === "Failed") return no("PodFailed");
  const message = describe(unknown, failing, "unready");
  return message ? no("ContainersNotReady", message) : yes;
}

function readinessGatesVerdict(pod: Pod, conditions: readonly PodCondition[]): Verdict {
  const messages = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = conditions.find(({ type }) => type === conditionType);
    if (!condition) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (condition.status === "True") return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  return messages.length > 0 ? no("ReadinessGatesNotReady", messages.join(", ")) : yes;
}

function initializedVerdict(pod: Pod, statuses: readonly ContainerStatus[], phase: PodPhase): Verdict {
  const inits = initContainers(pod);
  const sidecars = new Set(inits.filter(isSidecar).map(({ name }) => name));
  const names = inits.map(({ name }) => name);
  const { unknown, failing } = sortOut(names, statuses, (status) =>
    sidecars.has(status.name) ? !!status.started : status.ready,
  );
  if (phase === "Succeeded" && unknown.length === 0) return { ...yes, reason: "PodCompleted" };
  const regular = new Set(regularContainers(pod).map(({ name }) => name));
  if (statuses.some(({ name, state }) => regular.has(name) && (state.running || state.terminated))) return yes;
  const message = describe(unknown, failing, "incomplete");
  return message ? no("ContainersNotInitialized", message) : yes;
}

function sortOut(names: readonly string[], statuses: readonly ContainerStatus[], good: (status: ContainerStatus) => boolean) {
  const unknown: string[] = [];
  const failing: string[] = [];
  for (const name of names) {
    const status = statuses.find((status) => status.name === name);
    if (!status) unknown.push(name);
    else if (!good(status)) failing.push(name);
  }
  return { unknown, failing };
}

function describe(unknown: readonly string[], failing: readonly string[], what: string): string {
  return [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(" ")}]`] : []),
    ...(failing.length > 0 ? [`containers with ${what} status: [${failing.join(" ")}]`] : []),
  ].join(", ");
}

/** A condition keeps its transition time until its status changes. */
export function withTransitionTimes(
  conditions: readonly PodCondition[],
  old: readonly PodCondition[],
  now: string,
): PodCondition[] {
  return conditions.map((condition) => {
    const before = old.find(({ type }) => type === condition.type);
    const kept = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, lastTransitionTime: kept ?? now };
  });
}
