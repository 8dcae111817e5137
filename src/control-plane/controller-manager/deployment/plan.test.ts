import { describe, expect, it } from "vitest";
import type { Deployment, ReplicaSet } from "../../../shared/api/index.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import { plan } from "./plan.ts";

const START = Date.UTC(2026, 0, 1);
const template = (image: string) => ({ metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "a", image }] } });

function deployment(spec: object): Deployment {
  return {
    metadata: { name: "web", namespace: "ns", uid: "d", generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: {
      replicas: 10,
      selector: { matchLabels: { app: "web" } },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      template: template("v1"),
      ...spec,
    },
    status: {},
  } as unknown as Deployment;
}

/** Carries plans out against sets whose pods become ready between two plans, and tells what it saw. */
class World {
  d: Deployment;
  sets: ReplicaSet[] = [];
  now = START;
  /** Sets named here never get a ready pod. */
  broken = new Set<string>();

  constructor(d: Deployment) {
    this.d = d;
  }

  change(spec: object): void {
    this.d = {
      ...this.d,
      metadata: { ...this.d.metadata, generation: this.d.metadata.generation! + 1 },
      spec: { ...this.d.spec, ...spec },
    };
  }

  /** One plan, carried out. Returns sizes as `v1:10(10) v2:0(0)`: wanted(available). */
  step(): string {
    this.now += 1000;
    const todo = plan({ deployment: this.d, replicaSets: this.sets, hasRunningPods: () => false, now: this.now });
    if (todo.create) this.sets.push(this.#created(todo.create));
    for (const { object } of todo.update) this.sets = this.sets.map((s) => (s.metadata.uid === object.metadata.uid ? object : s));
    this.sets = this.sets.filter((s) => !todo.remove.some((r) => r.metadata.uid === s.metadata.uid));
    const annotations = todo.revision ? { "deployment.kubernetes.io/revision": todo.revision } : this.d.metadata.annotations;
    this.d = { ...this.d, metadata: { ...this.d.metadata, ...(annotations && { annotations }) }, status: todo.status };
    const text = this.sets.map((s) => `${imageOf(s)}:${s.spec.replicas}(${s.status?.availableReplicas ?? 0})`).join(" ");
    this.sets = this.sets.map((s) => this.#reported(s));
    return text;
  }

  /** Until nothing changes any more. */
  settle(): string[] {
    const trace = [this.step()];
    for (let i = 0; i < 30; i++) {
      const next = this.step();
      if (next === trace.at(-1)) break;
      trace.push(next);
    }
    this.step();
    return trace;
  }

  conditions(): string[] {
    return (this.d.status?.conditions ?? []).map((c) => `${c.type}=${c.status} ${c.reason}: ${c.message}`);
  }

  #created(draft: Draft<ReplicaSet>): ReplicaSet {
    const metadata = {
      ...draft.metadata,
      uid: `rs${this.sets.length}`,
      generation: 1,
      creationTimestamp: new Date(this.now).toISOString(),
    };
    return { ...draft, metadata, status: {} } as unknown as ReplicaSet;
  }

  #reported(set: ReplicaSet): ReplicaSet {
    const replicas = set.spec.replicas!;
    const ready = this.broken.has(imageOf(set)) ? 0 : replicas;
    return {
      ...set,
      status: { replicas, readyReplicas: ready, availableReplicas: ready, observedGeneration: set.metadata.generation! },
    };
  }
}

const imageOf = (set: ReplicaSet) => set.spec.template!.spec.containers![0]!.image!;

describe("deployment plan", () => {
  it("rolls over within surge and unavailability", () => {
    const world = new World(deployment({}));
    expect(world.settle()).toEqual(["v1:10(0)", "v1:10(10)"]);
    world.change({ template: template("v2") });
    expect(world.settle()).toEqual([
      "v1:8(10) v2:3(0)",
      "v1:8(8) v2:5(3)",
      "v1:3(8) v2:5(5)",
      "v1:3(3) v2:10(5)",
      "v1:0(3) v2:10(10)",
      "v1:0(0) v2:10(10)",
    ]);
    expect(world.conditions().sort()).toEqual([
      "Available=True MinimumReplicasAvailable: Deployment has minimum availability.",
      `Progressing=True NewReplicaSetAvailable: ReplicaSet "${world.sets[1]!.metadata.name}" has successfully progressed.`,
    ]);
  });

  it("stops at the allowed unavailability when new pods do not come up, and says so after the deadline", () => {
    const world = new World(deployment({ replicas: 4 }));
    world.settle();
    world.broken.add("v2");
    world.change({ template: template("v2") });
    expect(world.settle().at(-1)).toBe("v1:3(3) v2:2(0)");
    world.now += 700_000;
    world.step();
    expect(world.conditions()).toContainEqual(
      expect.stringMatching(/^Progressing=False ProgressDeadlineExceeded: ReplicaSet "web-\w+" has timed out progressing\.$/),
    );
    world.change({ template: template("v1") });
    expect(world.settle().at(-1)).toBe("v1:4(4) v2:0(0)");
    expect(world.d.metadata.annotations).toEqual({ "deployment.kubernetes.io/revision": "3" });
  });

  it("waits for old pods to be gone when it recreates", () => {
    const world = new World(deployment({ replicas: 2, strategy: { type: "Recreate" } }));
    world.settle();
    world.change({ template: template("v2") });
    expect(world.settle()).toEqual(["v1:0(2)", "v1:0(0) v2:2(0)", "v1:0(0) v2:2(2)"]);
  });

  it("spreads a new size over all sets in the middle of a rollout", () => {
    const world = new World(
      deployment({ strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }),
    );
    world.settle();
    world.broken.add("v2");
    world.change({ template: template("v2") });
    expect(world.settle().at(-1)).toBe("v1:8(8) v2:5(0)");
    world.change({ replicas: 20 });
    expect(world.step()).toBe("v1:14(8) v2:9(0)");
  });

  it("keeps as many old sets as the history asks for", () => {
    const world = new World(deployment({ revisionHistoryLimit: 1 }));
    for (const image of ["v1", "v2", "v3"]) {
      world.change({ template: template(image) });
      world.settle();
    }
    expect(world.sets.map(imageOf)).toEqual(["v2", "v3"]);
  });

  it("goes no further while it is paused, but scales", () => {
    const world = new World(deployment({}));
    world.settle();
    world.change({ template: template("v2"), paused: true });
    expect(world.settle()).toEqual(["v1:10(10)"]);
    expect(world.conditions()).toContain("Progressing=Unknown DeploymentPaused: Deployment is paused");
    world.change({ replicas: 12 });
    expect(world.settle().at(-1)).toBe("v1:12(12)");
    world.change({ paused: false });
    expect(world.settle().at(-1)).toBe("v1:0(0) v2:12(12)");
  });
});
