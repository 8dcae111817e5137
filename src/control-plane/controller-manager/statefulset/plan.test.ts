import { describe, expect, it } from "vitest";
import type { Pod, StatefulSet } from "../../../shared/api/index.ts";
import { plan } from "./plan.ts";

const set = (spec: object = {}, status: object = {}) =>
  ({
    metadata: { name: "db", namespace: "ns", uid: "s" },
    spec: { replicas: 3, selector: {}, updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } }, ...spec },
    status,
  }) as unknown as StatefulSet;

const pod = (ordinal: number, revision = "new", rest: { ready?: boolean; phase?: string; deleting?: boolean } = {}) =>
  ({
    metadata: {
      name: `db-${ordinal}`,
      labels: { "controller-revision-hash": revision, "statefulset.kubernetes.io/pod-name": `db-${ordinal}` },
      ...(rest.deleting && { deletionTimestamp: "x" }),
    },
    spec: {},
    status: {
      phase: rest.phase ?? "Running",
      conditions: [
        { type: "Ready", status: rest.ready === false ? "False" : "True", lastTransitionTime: "2026-01-01T00:00:00Z" },
      ],
    },
  }) as unknown as Pod;

function run(s: StatefulSet, pods: Pod[], current = "new") {
  const { create, remove, status } = plan({ set: s, pods, current, update: "new", collisionCount: 0, now: Date.UTC(2026, 0, 2) });
  return { create: create.map((c) => `${c.ordinal} ${c.revision}`), remove: remove.map((p) => p.metadata.name), status };
}

describe("stateful set plan", () => {
  it("creates one pod after the other, each when the one before is ready", () => {
    expect(run(set(), []).create).toEqual(["0 new"]);
    expect(run(set(), [pod(0, "new", { ready: false })]).create).toEqual([]);
    expect(run(set(), [pod(0)]).create).toEqual(["1 new"]);
  });

  it("creates and removes all at once where that is allowed", () => {
    const parallel = set({ podManagementPolicy: "Parallel" });
    expect(run(parallel, [pod(1)]).create).toEqual(["0 new", "2 new"]);
    expect(
      run(
        parallel,
        [0, 1, 2, 3, 4].map((n) => pod(n)),
      ).remove.sort(),
    ).toEqual(["db-3", "db-4"]);
  });

  it("shrinks from the top, and waits while a pod below is not ready", () => {
    expect(run(set({ replicas: 1 }), [pod(0), pod(1), pod(2)]).remove).toEqual(["db-2"]);
    expect(run(set({ replicas: 1 }), [pod(0), pod(1), pod(2, "new", { deleting: true })]).remove).toEqual([]);
    expect(run(set({ replicas: 1 }), [pod(0, "new", { ready: false }), pod(1), pod(2)]).remove).toEqual([]);
  });

  it("replaces a finished pod", () => {
    expect(run(set(), [pod(0, "new", { phase: "Failed" }), pod(1)]).remove).toEqual(["db-0"]);
  });

  it("updates from the top down to the partition", () => {
    const olds = [pod(0, "old"), pod(1, "old"), pod(2, "old")];
    expect(run(set(), olds, "old").remove).toEqual(["db-2"]);
    expect(run(set(), [pod(0, "old"), pod(1, "old"), pod(2, "new", { ready: false })], "old").remove).toEqual([]);
    const partitioned = set({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } });
    expect(run(partitioned, [pod(0, "old"), pod(1, "old"), pod(2)], "old").remove).toEqual([]);
    expect(run(partitioned, [pod(0, "old"), pod(2)], "old").create).toEqual(["1 old"]);
    expect(run(set({ updateStrategy: { type: "OnDelete" } }), olds, "old").remove).toEqual([]);
  });

  it("makes the new revision the current one when every pod has it", () => {
    const done = run(set(), [pod(0), pod(1), pod(2)], "old").status;
    expect(done).toMatchObject({ currentRevision: "new", updateRevision: "new", currentReplicas: 3, updatedReplicas: 3 });
  });
});
