import { expect, test } from "vitest";
import { differences, sameMeaning } from "./same-meaning.ts";

test("absent and empty lists and maps are one, empty structures are not", () => {
  expect(sameMeaning({ name: "a", volumes: [] }, { name: "a" })).toBe(true);
  expect(sameMeaning({ name: "a", resources: { limits: {} } }, { name: "a" })).toBe(true);
  for (const member of ["emptyDir", "flocker", "lifecycle", "selector"])
    expect(sameMeaning({ name: "a", [member]: {} }, { name: "a" })).toBe(false);
});

test("quantities count by value where there are quantities", () => {
  expect(sameMeaning({ limits: { cpu: "1" } }, { limits: { cpu: "1000m" } })).toBe(true);
  expect(sameMeaning({ labels: { cpu: "1" } }, { labels: { cpu: "1000m" } })).toBe(false);
});

test("a difference names its member both ways", () => {
  expect(differences("spec", { a: 1, b: [{ c: "x" }] }, { a: 1, b: [{ c: "y" }] })).toBe('-spec.b[0].c: "x"\n+spec.b[0].c: "y"');
});
