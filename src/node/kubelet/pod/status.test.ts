import { expect, test } from "vitest";
import type { ContainerStatus, PodStatus } from "../../../shared/api/generated/core-v1.ts";
import { emptyRuntimePod, type RuntimePod } from "../runtime/types.ts";
import { container, noProbes, podOf, record, running } from "./fixtures.ts";
import { podStatus, type StatusInput } from "./status.ts";
import { statusPatch } from "../worker/pod-statuses.ts";

function statusOf(pod: StatusInput["pod"], runtime: RuntimePod, rest: Partial<StatusInput> = {}): PodStatus {
  return podStatus({
    pod,
    runtime,
    old: {},
    probes: noProbes,
    waiting: () => undefined,
    hostIPs: ["192.0.2.1"],
    now: 5_000_000,
    ...rest,
  });
}

/** `web:running!` is ready, `web:exited/3` waits or has ended, and so on. */
function told(status: PodStatus): string {
  const one = ({ name, state, ready, restartCount }: ContainerStatus) => {
    const text = state.running
      ? "running"
      : state.terminated
        ? `ended(${state.terminated.exitCode})`
        : `waiting(${state.waiting?.reason ?? ""})`;
    return `${name}:${text}${ready ? "!" : ""}${restartCount ? `x${restartCount}` : ""}`;
  };
  const conditions = status.conditions!.filter((c) => c.status === "True").map((c) => c.type);
  return [
    status.phase,
    ...(status.initContainerStatuses ?? []).map(one),
    ...(status.containerStatuses ?? []).map(one),
    conditions.join("+"),
  ].join(" ");
}

test("a pod on its way to Running", () => {
  const pod = podOf({ initContainers: [container("i")], containers: [container("web", { readinessProbe: {} })] });
  expect(told(statusOf(pod, emptyRuntimePod("u")))).toBe(
    "Pending i:waiting(PodInitializing) web:waiting(PodInitializing) PodScheduled",
  );
  expect(told(statusOf(pod, running(record("i", "running"))))).toBe(
    "Pending i:running web:waiting(PodInitializing) PodReadyToStartContainers+PodScheduled",
  );
  const up = running(record("web", "running"), record("i", "exited"));
  expect(told(statusOf(pod, up))).toBe("Running i:ended(0)! web:running PodReadyToStartContainers+Initialized+PodScheduled");
  const ready = statusOf(pod, up, { probes: { ...noProbes, readiness: () => true } });
  expect(told(ready)).toBe(
    "Running i:ended(0)! web:running! PodReadyToStartContainers+Initialized+Ready+ContainersReady+PodScheduled",
  );
  expect(ready).toMatchObject({ podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }], hostIP: "192.0.2.1", qosClass: "BestEffort" });
});

test("a container that waits to be restarted keeps how it ended", () => {
  const crashed = running(record("web", "exited", { exitCode: 3, restartCount: 2, reason: "Error" }));
  const waiting = () => ({ reason: "CrashLoopBackOff", message: "back-off" });
  const status = statusOf(podOf({}), crashed, { waiting });
  expect(told(status)).toBe("Running web:waiting(CrashLoopBackOff)x2 PodReadyToStartContainers+Initialized+PodScheduled");
  expect(status.containerStatuses![0]!.lastState.terminated).toMatchObject({ exitCode: 3, reason: "Error" });
});

test("a pod that is done", () => {
  const once = podOf({ restartPolicy: "Never" });
  expect(told(statusOf(once, running(record("web", "exited"))))).toMatch(/^Succeeded web:ended\(0\) .*Initialized/);
  expect(statusOf(once, running(record("web", "exited"))).conditions).toContainEqual(
    expect.objectContaining({ type: "Ready", status: "False", reason: "PodCompleted" }),
  );
  expect(told(statusOf(once, running(record("web", "exited", { exitCode: 1 }))))).toMatch(/^Failed/);
  const deleted = podOf({}, { deletionTimestamp: "2026-01-01T00:00:00Z" });
  expect(told(statusOf(deleted, running(record("web", "exited", { exitCode: 137 })), { terminal: true }))).toMatch(/^Failed/);
});

test("a phase that is final stays, with its reason", () => {
  const old: PodStatus = { phase: "Failed", reason: "DeadlineExceeded", message: "late" };
  expect(statusOf(podOf({}), running(record("web", "running")), { old })).toMatchObject(old);
});

test("a container whose record is gone is known to have run", () => {
  const old: PodStatus = {
    containerStatuses: [
      { name: "web", state: { running: {} }, lastState: {}, ready: true, restartCount: 1, image: "", imageID: "" },
    ],
  };
  const [web] = statusOf(podOf({}), running(), { old }).containerStatuses!;
  expect(web).toMatchObject({ restartCount: 2, lastState: { terminated: { exitCode: 137, reason: "ContainerStatusUnknown" } } });
});

test("conditions keep their time until they change, and those of others are kept", () => {
  const pod = {
    ...podOf({ readinessGates: [{ conditionType: "x/gate" }] }),
    status: { conditions: [{ type: "x/gate", status: "False" }] },
  };
  const first = statusOf(pod, running(record("web", "running")), { now: 1_000 });
  const second = statusOf(pod, running(record("web", "running")), { old: first, now: 9_000 });
  expect(second.conditions).toEqual(first.conditions);
  expect(second.conditions).toContainEqual(
    expect.objectContaining({
      type: "Ready",
      reason: "ReadinessGatesNotReady",
      message: 'the status of pod readiness gate "x/gate" is not "True", but False',
    }),
  );
});

test("only what changed is sent, and what is gone is said", () => {
  const from: PodStatus = {
    phase: "Pending",
    reason: "Old",
    conditions: [{ type: "Ready", status: "False", reason: "R" }],
    podIPs: [{ ip: "1.1.1.1" }],
  };
  const to: PodStatus = { phase: "Pending", conditions: [{ type: "Ready", status: "True" }], podIPs: [{ ip: "2.2.2.2" }] };
  expect(statusPatch(from, to)).toEqual({
    reason: null,
    conditions: [{ type: "Ready", status: "True", reason: null }],
    podIPs: [{ $patch: "replace" }, { ip: "2.2.2.2" }],
  });
  expect(statusPatch(to, to)).toBeUndefined();
});
