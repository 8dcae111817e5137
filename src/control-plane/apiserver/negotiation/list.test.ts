import { expect, test } from "vitest";
import { jsonItems } from "./list.ts";

test("the items of a long list are made while it is written", () => {
  let made = 0;
  function* items() {
    for (; made < 1000; made++) yield { made, text: "x".repeat(1000) };
  }
  const slices = jsonItems('{"kind":"Many","items":[', items());
  const first = slices.next().value!;
  expect(made).toBeLessThan(100);
  const list = JSON.parse(Buffer.concat([first, ...slices]).toString());
  expect(list.kind).toBe("Many");
  expect(list.items.map((item: { made: number }) => item.made)).toEqual([...Array(1000).keys()]);
});
