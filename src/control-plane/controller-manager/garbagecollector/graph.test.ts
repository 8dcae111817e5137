import { describe, expect, it } from "vitest";
import type { KubeObject, OwnerReference } from "../../../shared/apimachinery/meta.ts";
import { blockingDependents, OwnerGraph } from "./graph.ts";
import { decide, type OwnerState } from "./plan.ts";

const reference = (uid: string, rest: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: "v1",
  kind: "K",
  name: uid,
  uid,
  ...rest,
});

function world() {
  const told: string[] = [];
  const graph = new OwnerGraph({ attempt: (uid) => told.push(uid), orphan: (uid) => told.push(`orphan ${uid}`) });
  const observe = (uid: string, owners: OwnerReference[] = [], metadata: object = {}) => {
    const object = { metadata: { name: uid, uid, ownerReferences: owners, ...metadata } } as unknown as KubeObject;
    graph.observe({ apiVersion: "v1", kind: "K", namespace: "ns", name: uid, uid }, object);
  };
  const heard = () => told.splice(0);
  return { graph, observe, heard };
}

const deleting = (...finalizers: string[]) => ({ deletionTimestamp: "2026-01-01T00:00:00Z", finalizers });

describe("owner graph", () => {
  it("asks about dependents of what is deleted", () => {
    const { graph, observe, heard } = world();
    observe("a");
    observe("b", [reference("a")]);
    expect(heard()).toEqual([]);
    graph.forget("a");
    expect(heard()).toEqual(["b"]);
  });

  it("looks an unknown owner up before it believes in it", () => {
    const { graph, observe, heard } = world();
    observe("b", [reference("a")]);
    expect(heard()).toEqual(["a"]);
    expect(graph.get("a")).toMatchObject({ virtual: true, identity: { namespace: "ns" } });
    observe("a");
    expect(graph.get("a")?.virtual).toBe(false);
    expect([...graph.get("a")!.dependents].map((d) => d.identity.uid)).toEqual(["b"]);
  });

  it("judges a dependent again whose reference names its owner wrongly", () => {
    const { observe, heard } = world();
    observe("b", [reference("a", { name: "somebody" })]);
    heard();
    observe("a");
    expect(heard()).toEqual(["b"]);
  });

  it("walks down a foreground deletion, and back up when the last blocker is gone", () => {
    const { graph, observe, heard } = world();
    observe("a");
    observe("b", [reference("a", { blockOwnerDeletion: true })]);
    observe("a", [], deleting("foregroundDeletion"));
    expect(heard()).toEqual(["b", "a"]);
    expect(blockingDependents(graph.get("a")!).map((d) => d.identity.uid)).toEqual(["b"]);
    graph.forget("b");
    expect(heard()).toEqual(["a"]);
  });

  it("orphans once, and lets go of an owner that is no longer named", () => {
    const { graph, observe, heard } = world();
    observe("a");
    observe("b", [reference("a"), reference("c")]);
    heard();
    observe("a", [], deleting("orphan"));
    observe("a", [], deleting("orphan"));
    expect(heard()).toEqual(["orphan a"]);
    observe("b", [reference("a")]);
    expect(heard()).toEqual(["b"]);
    expect(graph.get("c")).toBeUndefined();
  });
});

describe("collection plan", () => {
  const object = (owners: string[], finalizers: string[] = []) =>
    ({ metadata: { ownerReferences: owners.map((o) => reference(o)), finalizers } }) as unknown as KubeObject;
  const judge = (states: OwnerState[], finalizers?: string[], count = 0) =>
    decide(
      object(
        states.map((_, i) => `o${i}`),
        finalizers,
      ),
      (o) => states[Number(o.uid.slice(1))]!,
      { count, someDeletingDependents: false },
    );

  it.each<[OwnerState[], unknown]>([
    [[], { do: "keep" }],
    [["solid"], { do: "keep" }],
    [["solid", "dangling"], { do: "setOwners", owners: [reference("o0")] }],
    [["solid", "waiting"], { do: "setOwners", owners: [reference("o0")] }],
    [["dangling"], { do: "delete", policy: "Background", unblock: false }],
    [["waiting"], { do: "delete", policy: "Background", unblock: false }],
  ])("owners %j", (states, decision) => expect(judge(states)).toEqual(decision));

  it("goes on in the foreground where the owner waits and there are dependents", () => {
    expect(judge(["waiting", "dangling"], [], 1)).toMatchObject({ do: "delete", policy: "Foreground" });
  });

  it("keeps to the policy of a deletion under way", () => {
    expect(judge(["dangling"], ["orphan"])).toMatchObject({ policy: "Orphan" });
    expect(judge(["dangling"], ["foregroundDeletion"])).toMatchObject({ policy: "Foreground" });
  });
});
