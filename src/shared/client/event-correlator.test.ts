import { describe, expect, it } from "vitest";
import { EventCorrelator } from "./event-correlator.ts";

const told = (message: string, subject = "pod") => ({ subject, type: "Normal", reason: "Pulled", message });

describe("event correlator", () => {
  it("gives repeats the key of the first, so that a count can be raised", () => {
    const c = new EventCorrelator();
    const first = c.judge(told("same"), 0)!;
    c.remember(first.key, { name: "e", namespace: "ns", count: 1 });
    expect(c.stored(c.judge(told("same"), 1)!.key)?.count).toBe(1);
    expect(c.stored(c.judge(told("other"), 1)!.key)).toBeUndefined();
  });

  it("combines the eleventh similar message and all after it", () => {
    const c = new EventCorrelator();
    const messages = Array.from({ length: 12 }, (_, i) => c.judge(told(`m${i}`), i)!.message);
    expect(messages[9]).toBe("m9");
    expect(messages.slice(10)).toEqual(["(combined from similar events): m10", "(combined from similar events): m11"]);
  });

  it("lets one object tell 25 times, then once in five minutes", () => {
    const c = new EventCorrelator();
    const passed = Array.from({ length: 40 }, () => c.judge(told("m"), 0)).filter(Boolean);
    expect(passed).toHaveLength(25);
    expect(c.judge(told("m"), 299_000)).toBeUndefined();
    expect(c.judge(told("m"), 601_000)).toBeDefined();
    expect(c.judge(told("m", "another"), 0)).toBeDefined();
  });
});
