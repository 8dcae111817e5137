import { describe, expect, it } from "vitest";
import type { Node } from "../../../shared/api/index.ts";
import { mayEvict, silentConditions, taintsOf } from "./plan.ts";

const node = (ready: string | undefined, rest: { taints?: object[]; unschedulable?: boolean } = {}) =>
  ({
    metadata: { name: "n", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: rest,
    status: { conditions: ready ? [{ type: "Ready", status: ready }] : [] },
  }) as unknown as Node;
const taint = (key: string, effect: string) => ({ key: `node.kubernetes.io/${key}`, effect });
const keys = (taints: ReturnType<typeof taintsOf>) => taints?.map((t) => `${t.key.split("/")[1]}:${t.effect}`);

describe("node taints", () => {
  it("follow the conditions, and leave those of others alone", () => {
    expect(keys(taintsOf(node("Unknown"), 0))).toEqual(["unreachable:NoSchedule", "unreachable:NoExecute"]);
    const others = [{ key: "mine/own", effect: "NoSchedule" }, taint("not-ready", "NoSchedule")];
    expect(keys(taintsOf(node("True", { taints: others }), 0))).toEqual(["own:NoSchedule"]);
    expect(keys(taintsOf(node("True", { unschedulable: true }), 0))).toEqual(["unschedulable:NoSchedule"]);
  });

  it("send no pod away while no node is ready", () => {
    expect(mayEvict([node("Unknown"), node("False")])).toBe(false);
    expect(mayEvict([node("Unknown"), node("True")])).toBe(true);
    expect(keys(taintsOf(node("Unknown"), 0, false))).toEqual(["unreachable:NoSchedule"]);
    const tainted = [taint("unreachable", "NoSchedule"), taint("unreachable", "NoExecute")];
    expect(keys(taintsOf(node("Unknown", { taints: tainted }), 0, false))).toEqual(["unreachable:NoSchedule"]);
  });

  it("are not written again when they are there", () => {
    expect(
      taintsOf(node("False", { taints: [taint("not-ready", "NoSchedule"), taint("not-ready", "NoExecute")] }), 0),
    ).toBeUndefined();
  });
});

describe("a silent node", () => {
  it("is in an unknown state, whether it was heard of before or not", () => {
    expect(silentConditions(node("True"), 0)?.map((c) => `${c.type}=${c.status} ${c.reason}`)).toEqual([
      "Ready=Unknown NodeStatusUnknown",
      "MemoryPressure=Unknown NodeStatusNeverUpdated",
      "DiskPressure=Unknown NodeStatusNeverUpdated",
      "PIDPressure=Unknown NodeStatusNeverUpdated",
    ]);
    const unknown = { ...node("Unknown"), status: { conditions: silentConditions(node("True"), 0) } } as Node;
    expect(silentConditions(unknown, 0)).toBeUndefined();
  });
});
