import { describe, expect, it } from "vitest";
import type { HorizontalPodAutoscaler, Pod } from "../../../shared/api/index.ts";
import { limit, type Memory } from "./limits.ts";
import { proposeReplicas, type Measured } from "./replicas.ts";

const NOW = Date.UTC(2026, 0, 1, 1);
const pod = (n: number, phase = "Running") =>
  ({
    metadata: { name: `p${n}` },
    spec: { containers: [{ name: "c", resources: { requests: { cpu: "100m" } } }] },
    status: {
      phase,
      startTime: "2026-01-01T00:00:00Z",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:10Z" }],
    },
  }) as unknown as Pod;

function propose(usage: (number | undefined)[], rest: Partial<Measured> = {}): number {
  const known = usage.flatMap((u, i): [string, number][] => (u === undefined ? [] : [[`p${i}`, u]]));
  const target = { type: "Utilization", averageUtilization: 50 };
  const base = {
    pods: usage.map((_, i) => pod(i)),
    usage: new Map(known),
    resource: "cpu",
    target,
    current: usage.length,
    tolerance: { up: 0.1, down: 0.1 },
    now: NOW,
  };
  return proposeReplicas({ ...base, ...rest }).replicas;
}

describe("replicas by utilization", () => {
  it("grow and shrink with usage, and stay where it is close to the target", () => {
    expect(propose([100, 100])).toBe(4);
    expect(propose([10, 10, 10])).toBe(1);
    expect(propose([52, 54])).toBe(2);
  });

  it("take pods without metrics as a weight against the change", () => {
    expect(propose([100, 100, undefined])).toBe(4);
    expect(propose([10, 10, undefined])).toBe(3);
    expect(propose([100, 100], { pods: [pod(0), pod(1), pod(2, "Pending"), pod(3, "Pending")], current: 4 })).toBe(4);
  });

  it("follow an average value", () =>
    expect(propose([300, 300], { target: { type: "AverageValue", averageValue: "200m" } })).toBe(3));

  it("need requests to be a share of", () => {
    const bare = { ...pod(0), spec: { containers: [{ name: "c" }] } } as unknown as Pod;
    expect(() => propose([1], { pods: [bare] })).toThrow("missing request for cpu in container c of Pod p0");
  });
});

describe("limits of scaling", () => {
  const hpa = (spec: object = {}) => ({ spec: { maxReplicas: 100, ...spec } }) as unknown as HorizontalPodAutoscaler;
  const memory = (): Memory => ({ recommendations: [], changes: [] });

  it("double, or add four, in 15 seconds", () => {
    expect(limit(hpa(), memory(), 2, 50, NOW)).toMatchObject({ replicas: 6, reason: "ScaleUpLimit" });
    expect(limit(hpa(), memory(), 20, 50, NOW)).toMatchObject({ replicas: 40 });
    const grown: Memory = { recommendations: [], changes: [{ at: NOW - 5000, by: 4 }] };
    expect(limit(hpa(), grown, 6, 50, NOW)).toMatchObject({ replicas: 6 });
  });

  it("shrink only to what was wanted within five minutes", () => {
    const m: Memory = { recommendations: [{ at: NOW - 200_000, replicas: 8 }], changes: [] };
    expect(limit(hpa(), m, 10, 3, NOW)).toMatchObject({ replicas: 8, stabilized: { reason: "ScaleDownStabilized" } });
    expect(limit(hpa(), m, 8, 3, NOW + 301_000)).toMatchObject({ replicas: 3, limited: false, reason: "DesiredWithinRange" });
  });

  it("stay within minimum and maximum", () => {
    expect(limit(hpa({ maxReplicas: 5 }), memory(), 4, 9, NOW)).toMatchObject({ replicas: 5, reason: "TooManyReplicas" });
    expect(limit(hpa({ minReplicas: 2 }), memory(), 4, 0, NOW)).toMatchObject({ replicas: 2, reason: "TooFewReplicas" });
  });
});
