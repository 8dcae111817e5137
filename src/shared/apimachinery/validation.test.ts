import { expect, test } from "vitest";
import { formatDurationNanos, humanDuration, parseDurationNanos } from "./duration.ts";
import { isDNS1123Label, isLabelKey, validateAnnotations, validateFieldManager, validateLabels } from "./validation.ts";

test("label keys carry upstream's texts", () => {
  expect(isLabelKey("app.kubernetes.io/name")).toEqual([]);
  expect(isLabelKey("/a")).toEqual(["prefix part must be non-empty"]);
  expect(isLabelKey("k".repeat(64))).toEqual(["name part must be no more than 63 bytes"]);
  expect(isLabelKey("-a")).toEqual([
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ]);
});

test("labels and annotations", () => {
  expect(validateLabels("metadata.labels", { a: "x y" })[0]?.message).toMatch(/^Invalid value: "x y": a valid label must be/);
  expect(validateAnnotations("metadata.annotations", { "Example.com/A": "any thing" })).toEqual([]);
  expect(validateAnnotations("metadata.annotations", { a: "x".repeat(300_000) })[0]?.type).toBe("FieldValueTooLong");
});

test("names", () => {
  expect(isDNS1123Label("a.b")).toEqual(["must not contain dots"]);
  expect(isDNS1123Label("my-name")).toEqual([]);
});

test("field managers are printable", () => {
  expect(validateFieldManager("fieldManager", "a\u0007b")[0]?.message).toBe(
    'Invalid value: "a\\ab": invalid character U+0007 (at position 1)',
  );
});

test.each([
  ["1h", "1h0m0s"],
  ["1.5s", "1.5s"],
  ["100ms", "100ms"],
  ["-2m", "-2m0s"],
  ["90m", "1h30m0s"],
])("duration %s is %s", (text, out) => expect(formatDurationNanos(parseDurationNanos(text))).toBe(out));

test.each([
  [90_000, "90s"],
  [150_000, "2m30s"],
  [4 * 3_600_000, "4h"],
  [50 * 3_600_000, "2d2h"],
])("an age of %i ms reads %s", (ms, text) => expect(humanDuration(ms)).toBe(text));
