import { describe, expect, it } from "vitest";
import type { Job, Pod } from "../../../shared/api/index.ts";
import { Intervals } from "./intervals.ts";
import { observe, type Observed } from "./observe.ts";
import { plan } from "./plan.ts";
import { judgeFailure, metSuccessRule } from "./policies.ts";
import { nextBackoff } from "./pods.ts";
import { enactFinish, settleCounted, track } from "./track.ts";

const NOW = Date.UTC(2026, 0, 1, 0, 10);
const job = (spec: object, status: object = {}) =>
  ({
    metadata: { name: "j", namespace: "ns", uid: "j", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { parallelism: 1, completions: 1, backoffLimit: 6, template: { spec: {} }, ...spec },
    status: { startTime: "2026-01-01T00:00:00Z", ...status },
  }) as unknown as Job;

function pod(
  name: string,
  phase: string,
  rest: { index?: number; exitCode?: number; failures?: number; tracked?: boolean } = {},
): Pod {
  const annotations = {
    ...(rest.index !== undefined && { "batch.kubernetes.io/job-completion-index": String(rest.index) }),
    ...(rest.failures !== undefined && { "batch.kubernetes.io/job-index-failure-count": String(rest.failures) }),
  };
  const finalizers = rest.tracked === false ? [] : ["batch.kubernetes.io/job-tracking"];
  const state = { terminated: { exitCode: rest.exitCode ?? 0, finishedAt: "2026-01-01T00:09:59Z" } };
  return {
    metadata: { name, namespace: "ns", uid: name, annotations, finalizers, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: {},
    status: { phase, containerStatuses: [{ name: "c", restartCount: 0, state: phase === "Running" ? {} : state }] },
  } as unknown as Pod;
}

const seen = (j: Job, pods: Pod[]): Observed => ({ job: j, pods, untracked: new Set(), backoff: { failures: 0 }, now: NOW });

describe("intervals", () => {
  it("read and write the form of the status", () => {
    expect(Intervals.parse("1,3-5,7", 10).with([4, 6, 0]).toString()).toBe("0,1,3-7");
    expect(Intervals.parse("2-9", 5).toString()).toBe("2-4");
    expect(Intervals.parse("0,2", 5).firstMissing(2, 4)).toEqual([1, 3]);
    expect(Intervals.empty.with([3, 4, 5]).size).toBe(3);
  });
});

describe("job plan", () => {
  it("keeps as many pods running as are left to complete", () => {
    const running = [pod("a", "Running"), pod("b", "Succeeded")];
    const observed = seen(job({ completions: 5, parallelism: 3 }), running);
    expect(plan(observed, observe(observed)).create).toHaveLength(2);
  });

  it("starts the lowest indexes that are missing, and removes doubles", () => {
    const j = job({ completions: 4, parallelism: 4, completionMode: "Indexed" });
    const some = seen(j, [pod("a", "Running", { index: 1 }), pod("b", "Succeeded", { index: 0 })]);
    expect(plan(some, observe(some)).create).toEqual([2, 3]);
    const doubled = seen(j, [pod("a", "Running", { index: 1 }), pod("b", "Running", { index: 1 })]);
    expect(plan(doubled, observe(doubled)).remove).toHaveLength(1);
  });

  it("waits longer after each failure", () => {
    const failed = seen(job({}), [pod("a", "Failed", { exitCode: 1 })]);
    expect(plan(failed, observe(failed))).toMatchObject({ create: [], waitMs: 9000 });
    expect(nextBackoff({ failures: 2, lastFailure: 1 }, [pod("s", "Succeeded")], [])).toEqual({ failures: 0 });
  });

  it("removes everything while it is suspended", () => {
    const suspended = seen(job({ suspend: true }), [pod("a", "Running")]);
    expect(plan(suspended, observe(suspended)).remove).toHaveLength(1);
  });
});

describe("job policies", () => {
  const rules = [
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    { action: "FailIndex", onExitCodes: { operator: "In", values: [7] } },
    { action: "FailJob", onExitCodes: { operator: "NotIn", values: [1] } },
  ];

  it.each([
    [1, { counts: true }],
    [7, { action: "FailIndex", counts: true }],
    [
      9,
      {
        action: "FailJob",
        counts: true,
        failJob: "Container c for pod ns/a failed with exit code 9 matching FailJob rule at index 2",
      },
    ],
  ])("exit code %i", (exitCode, verdict) => {
    expect(judgeFailure(job({ podFailurePolicy: { rules } }), pod("a", "Failed", { exitCode }))).toEqual(verdict);
  });

  it("succeed early by the first rule that is met", () => {
    const j = job({ completions: 10, successPolicy: { rules: [{ succeededIndexes: "0-2", succeededCount: 2 }] } });
    expect(metSuccessRule(j, Intervals.parse("0,5-9", 10))).toBeUndefined();
    expect(metSuccessRule(j, Intervals.parse("0,2", 10))).toBe("Matched rules at index 0");
  });

  it("give an index up after its own limit", () => {
    const j = job({ completions: 2, parallelism: 2, completionMode: "Indexed", backoffLimitPerIndex: 1 });
    const sight = observe(
      seen(j, [pod("a", "Failed", { index: 0, failures: 1, exitCode: 1 }), pod("b", "Succeeded", { index: 1 })]),
    );
    expect(sight.failedIndexes?.toString()).toBe("0");
    expect(sight.finished).toMatchObject({ type: "FailureTarget", reason: "FailedIndexes" });
  });
});

describe("job tracking", () => {
  it("counts a pod once, whatever step is interrupted", () => {
    const j = job({ completions: 2 });
    const observed = seen(j, [pod("a", "Succeeded"), pod("b", "Running")]);
    const first = track(observed, observe(observed), { ...j.status, active: 1 });
    expect(first.status.uncountedTerminatedPods).toEqual({ succeeded: ["a"], failed: [] });
    expect(first.release.map((p) => p.metadata.name)).toEqual(["a"]);
    const again = seen(job({ completions: 2 }, first.status), observed.pods as Pod[]);
    expect(observe(again).succeeded).toBe(1);
    expect(track(again, observe(again), again.job.status!).status.uncountedTerminatedPods).toEqual({
      succeeded: ["a"],
      failed: [],
    });
    expect(settleCounted(first.status, new Set(["b"]))).toMatchObject({
      succeeded: 1,
      uncountedTerminatedPods: { succeeded: [], failed: [] },
    });
  });

  it("announces its end, and reaches it when nothing is left to count", () => {
    const j = job({ backoffLimit: 0 });
    const observed = seen(j, [pod("a", "Failed", { exitCode: 1 })]);
    const { status, finished, partial } = track(observed, observe(observed), { ...j.status });
    expect(status.conditions?.map((c) => c.type)).toEqual(["FailureTarget"]);
    expect(enactFinish(status, finished, partial)).toBeUndefined();
    const counted = settleCounted(status, new Set());
    expect(enactFinish(counted, finished, partial)).toMatchObject({
      failed: 1,
      conditions: [{ type: "FailureTarget" }, { type: "Failed", reason: "BackoffLimitExceeded" }],
    });
  });
});
