import { expect, test } from "vitest";
import type { Props } from "../structural.ts";
import { validateValue } from "./value.ts";

const refusals: [string, Props, unknown, string[]][] = [
  ["a number where a text is expected", { type: "string" }, 1, ['f in body must be of type string: "integer"']],
  ["a number beyond 64 bits", { type: "string" }, 1e21, ['f in body must be of type string: "number"']],
  [
    "a number beyond 64 bits as an integer",
    { type: "integer" },
    2 ** 63,
    ['f in body must be of type integer: "number"', "Checked value must be of type integer (default format) in f"],
  ],
  [
    "a fraction where an int32 is expected",
    { type: "integer", format: "int32" },
    1.5,
    ['f in body must be of type int32: "float64"', "Checked value must be of type integer with format int32 in f"],
  ],
  ["a boolean where an int64 is expected", { type: "integer", format: "int64" }, true, ['f in body must be of type int64: ""']],
  [
    "a number where a time is expected",
    { type: "string", format: "date-time" },
    0,
    ['f in body must be of type date-time: "int64"'],
  ],
  ["a list where a time is expected", { type: "string", format: "date-time" }, [], []],
  [
    "a list where a text of an unknown format is expected",
    { type: "string", format: "x" },
    [],
    ['f in body must be of type string: "array"'],
  ],
];

test.each(refusals)("%s", (_about, props, value, expected) => {
  const messages = validateValue(props, value, "f").map((e) => e.message.replace(/^Invalid value: "[^"]*": /, ""));
  expect(messages).toEqual(expected);
});
