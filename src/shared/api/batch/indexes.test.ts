import { expect, test } from "vitest";
import { commonIndex, countIndexes } from "./indexes.ts";

test("indexes are counted, in order and below the number of completions", () => {
  expect(countIndexes("", 5)).toBe(0);
  expect(countIndexes("0,2-4", 5)).toBe(4);
  expect(countIndexes("5", 5)).toEqual({ fault: 'too large index: "5"' });
  expect(countIndexes("2-1", 5)).toEqual({ fault: "non-increasing order, previous: 2, current: 1" });
  expect(countIndexes("0-2,2", 5)).toEqual({ fault: "non-increasing order, previous: 2, current: 2" });
  expect(countIndexes("x", 5)).toEqual({ fault: 'cannot convert string to integer for index: "x"' });
});

test("an index is completed or failed, not both", () => {
  expect(commonIndex("0-3", "2,5", 9)).toBe(2);
  expect(commonIndex("0-3", "4-8", 9)).toBeUndefined();
});
