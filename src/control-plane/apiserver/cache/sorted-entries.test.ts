import { expect, test } from "vitest";
import { SortedEntries } from "./sorted-entries.ts";

test("keeps entries in key order through inserts, replacements and removals", () => {
  const entries = new SortedEntries<{ key: string; n: number }>();
  const model = new Map<string, number>();
  let seed = 7;
  const next = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff);
  for (let i = 0; i < 6000; i++) {
    const key = `k${next() % 2500}`;
    if (next() % 4 === 0) expect(entries.delete(key)).toBe(model.delete(key));
    else {
      entries.set({ key, n: i });
      model.set(key, i);
    }
  }
  const keys = [...model.keys()].sort();
  expect([...entries.range("", "\uffff")].map((e) => e.key)).toEqual(keys);
  expect(entries.size).toBe(keys.length);
  expect([...entries.range("k2", "k3")].every((e) => model.get(e.key) === e.n)).toBe(true);
  expect(entries.count("k2", "k3")).toBe(keys.filter((k) => k >= "k2" && k < "k3").length);
});
