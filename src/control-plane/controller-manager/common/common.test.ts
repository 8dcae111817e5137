import { describe, expect, it } from "vitest";
import type { Pod } from "../../../shared/api/index.ts";
import { podsToDelete } from "./deletion-order.ts";
import { slowStart } from "./pod-control.ts";
import { templateHash } from "./template-hash.ts";
import { sameOnTheWire } from "./write-status.ts";

const NOW = Date.UTC(2026, 0, 2);
const pod = (
  name: string,
  rest: { node?: string; phase?: string; ready?: string; cost?: number; age?: string; restarts?: number } = {},
) =>
  ({
    metadata: {
      name,
      uid: name,
      creationTimestamp: rest.age ?? "2026-01-01T00:00:00Z",
      ...(rest.cost !== undefined && { annotations: { "controller.kubernetes.io/pod-deletion-cost": String(rest.cost) } }),
    },
    spec: { nodeName: rest.node ?? "n" },
    status: {
      phase: rest.phase ?? "Running",
      conditions:
        rest.ready === "never"
          ? []
          : [{ type: "Ready", status: "True", lastTransitionTime: rest.ready ?? "2026-01-01T00:00:00Z" }],
      containerStatuses: [{ restartCount: rest.restarts ?? 0 }],
    },
  }) as unknown as Pod;

describe("deletion order", () => {
  it.each<[string, Pod, Pod]>([
    ["unassigned before assigned", pod("a", { node: "" }), pod("b", { phase: "Pending" })],
    ["pending before running", pod("a", { phase: "Pending" }), pod("b", { ready: "never" })],
    ["not ready before ready", pod("a", { ready: "never" }), pod("b", { cost: -1 })],
    ["cheap before dear", pod("a", { cost: -1 }), pod("b", { ready: "2026-01-01T23:59:00Z" })],
    ["ready last before ready first", pod("a", { ready: "2026-01-01T23:59:00Z" }), pod("b", { restarts: 9 })],
    ["restarted often before seldom", pod("a", { restarts: 9 }), pod("b", { age: "2026-01-01T23:59:00Z" })],
    ["young before old", pod("z", { age: "2026-01-01T23:59:00Z" }), pod("b")],
  ])("%s", (_, first, second) => {
    expect(podsToDelete([second, first], [], 1, NOW)).toEqual([first]);
  });

  it("prefers nodes that are crowded", () => {
    const [a, b, c] = [pod("a", { node: "x" }), pod("b", { node: "y" }), pod("c", { node: "y" })];
    expect(podsToDelete([a, b], [a, b, c], 1, NOW)).toEqual([b]);
  });
});

describe("slow start", () => {
  it("doubles its batches, and stops after the first with a failure", async () => {
    let tried = 0;
    expect(await slowStart(10, async () => void tried++)).toEqual({ done: 10 });
    tried = 0;
    const refuse = async (i: number) => {
      tried++;
      if (i === 2) throw new Error("no");
    };
    expect(await slowStart(100, refuse)).toMatchObject({ done: 2, error: { message: "no" } });
    expect(tried).toBe(3);
  });
});

describe("template hash", () => {
  it("depends on what the template says, not on the order it says it in", () => {
    const hash = templateHash({ a: 1, b: { c: [1], d: null } }, undefined);
    expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
    expect(templateHash({ b: { c: [1] }, a: 1 }, undefined)).toBe(hash);
    expect(templateHash({ a: 1, b: { c: [2] } }, undefined)).not.toBe(hash);
    expect(templateHash({ a: 1, b: { c: [1] } }, 1)).not.toBe(hash);
  });
});

describe("equality on the wire", () => {
  it("takes what is empty for absent", () => {
    expect(sameOnTheWire({ a: 0, b: [], c: { d: "" } }, {})).toBe(true);
    expect(sameOnTheWire({ a: [{ b: 1 }] }, { a: [{ b: 1, c: false }] })).toBe(true);
    expect(sameOnTheWire({ a: 1 }, { a: 2 })).toBe(false);
  });
});
