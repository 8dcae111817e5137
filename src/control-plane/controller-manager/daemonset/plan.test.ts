import { describe, expect, it } from "vitest";
import type { DaemonSet, Node, Pod } from "../../../shared/api/index.ts";
import { plan, planUpdate, statusOf, type Observed } from "./plan.ts";
import { draftPod, nodeOf } from "./pods.ts";

const ds = (spec: object = {}) =>
  ({
    metadata: { name: "agent", namespace: "ns", uid: "d" },
    spec: { selector: {}, template: { metadata: { labels: { app: "agent" } }, spec: { containers: [] } }, ...spec },
  }) as unknown as DaemonSet;
const node = (name: string, rest: { labels?: Record<string, string>; taints?: object[] } = {}) =>
  ({ metadata: { name, labels: rest.labels }, spec: { taints: rest.taints } }) as unknown as Node;
const pod = (nodeName: string, hash = "new", rest: { phase?: string; ready?: boolean; name?: string } = {}) =>
  ({
    metadata: {
      name: rest.name ?? `agent-${nodeName}`,
      uid: rest.name ?? nodeName,
      labels: { "controller-revision-hash": hash },
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: { nodeName },
    status: { phase: rest.phase ?? "Running", conditions: [{ type: "Ready", status: rest.ready === false ? "False" : "True" }] },
  }) as unknown as Pod;

const seen = (d: DaemonSet, nodes: Node[], pods: Pod[]): Observed => ({ ds: d, nodes, pods, hash: "new", now: 0 });
const nodes = ["a", "b", "c", "d"].map((n) => node(n));
const named = (pods: Pod[]) => pods.map((p) => p.metadata.name);

describe("daemon set plan", () => {
  it("puts one pod on each node that fits", () => {
    const picky = ds({ template: { metadata: {}, spec: { nodeSelector: { disk: "ssd" }, containers: [] } } });
    expect(plan(seen(picky, [node("a", { labels: { disk: "ssd" } }), node("b")], [])).create).toEqual(["a"]);
    expect(plan(seen(ds(), nodes, [pod("a")])).create).toEqual(["b", "c", "d"]);
  });

  it("leaves a pod where a taint came that only keeps new ones away", () => {
    const taint = (effect: string) => node("a", { taints: [{ key: "k", effect }] });
    expect(plan(seen(ds(), [taint("NoSchedule")], [pod("a")]))).toMatchObject({ create: [], remove: [] });
    expect(named(plan(seen(ds(), [taint("NoExecute")], [pod("a")])).remove)).toEqual(["agent-a"]);
    const unreachable = node("a", { taints: [{ key: "node.kubernetes.io/unreachable", effect: "NoExecute" }] });
    expect(plan(seen(ds(), [unreachable], [pod("a")])).remove).toEqual([]);
  });

  it("replaces failed pods and removes doubles", () => {
    const todo = plan(
      seen(ds(), nodes.slice(0, 2), [pod("a", "new", { phase: "Failed" }), pod("b"), pod("b", "new", { name: "second" })]),
    );
    expect(todo.failed.map((f) => f.node)).toEqual(["a"]);
    expect(named(todo.remove)).toEqual(["second"]);
  });

  it("updates as many at a time as may be unavailable, broken ones first", () => {
    const olds = nodes.map((n) => pod(n.metadata.name, "old"));
    expect(planUpdate(seen(ds(), nodes, olds)).remove).toHaveLength(1);
    const half = ds({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "50%" } } });
    expect(planUpdate(seen(half, nodes, olds)).remove).toHaveLength(2);
    const broken = [pod("a", "old", { ready: false }), ...olds.slice(1)];
    expect(named(planUpdate(seen(ds(), nodes, broken)).remove)).toEqual(["agent-a"]);
  });

  it("surges: a new pod beside the old one, which goes when the new one is ready", () => {
    const surging = ds({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
    const olds = nodes.map((n) => pod(n.metadata.name, "old"));
    expect(planUpdate(seen(surging, nodes, olds))).toMatchObject({ create: ["a"], remove: [] });
    const both = [...olds, pod("a", "new", { name: "fresh" })];
    expect(named(planUpdate(seen(surging, nodes, both)).remove)).toEqual(["agent-a"]);
  });

  it("counts what is wanted, there, ready and up to date", () => {
    const { desiredNumberScheduled, currentNumberScheduled, numberReady, updatedNumberScheduled } = statusOf(
      seen(ds(), nodes, [pod("a"), pod("b", "old"), pod("c", "new", { ready: false })]),
      undefined,
    );
    expect([desiredNumberScheduled, currentNumberScheduled, numberReady, updatedNumberScheduled]).toEqual([4, 3, 2, 2]);
  });

  it("aims a pod at its node through the scheduler", () => {
    const draft = draftPod(ds(), "a", "h") as Pod;
    expect(draft.spec.nodeName).toBeUndefined();
    expect(nodeOf(draft)).toBe("a");
    expect(draft.spec.tolerations?.map((t) => t.key)).toContain("node.kubernetes.io/not-ready");
  });
});
