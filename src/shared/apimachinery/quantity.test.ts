import { describe, expect, test } from "vitest";
import { addQuantities, canonicalQuantity, compareQuantities, Quantity, quantityMilli, quantityValue } from "./quantity.ts";

/** Input → what upstream writes back. */
const spelled: [string, string][] = [
  ["1000m", "1"],
  ["0.5", "500m"],
  ["1", "1"],
  ["+1", "+1"],
  ["2500m", "2500m"],
  ["0.001", "1m"],
  ["1e0", "1e0"],
  ["1e3", "1e3"],
  ["1.500", "1.500"],
  ["1024Mi", "1Gi"],
  ["1.5Gi", "1536Mi"],
  ["1000", "1k"],
  ["100000", "100k"],
  ["0.0000000001", "1n"],
  ["12345678901234567890", "12345678901234567890"],
  ["1000Ei", "9223372036854775807"],
  ["0.5Mi", "512Ki"],
  ["512", "512"],
  ["0Mi", "0"],
  ["-1Gi", "-1Gi"],
  ["1000Ki", "1000Ki"],
  ["8Mi", "8Mi"],
  ["0.1", "100m"],
  ["100Mi", "100Mi"],
  ["12e6", "12e6"],
  ["1.1e5", "110e3"],
];

describe("quantities", () => {
  test.each(spelled)("%s is written back as %s", (input, output) => {
    expect(canonicalQuantity(input)).toBe(output);
    expect(canonicalQuantity(output)).toBe(output);
  });

  test("what is none is refused with upstream's texts", () => {
    expect(() => Quantity.parse("")).toThrow("quantities must match the regular expression");
    expect(() => Quantity.parse("1x")).toThrow("quantities must match the regular expression");
    expect(() => Quantity.parse("1mM")).toThrow("unable to parse quantity's suffix");
  });

  test("arithmetic is exact and keeps the format of the first non-zero operand", () => {
    expect(addQuantities("100m", "1")).toBe("1100m");
    expect(addQuantities("1Gi", "512Mi")).toBe("1536Mi");
    expect(addQuantities(undefined, "1Gi")).toBe("1Gi");
    expect(Quantity.parse("2").sub(Quantity.parse("500m")).toString()).toBe("1500m");
    expect(addQuantities("9223372036854775807", "1")).toBe("9223372036854775808");
  });

  test("comparison looks through the spelling", () => {
    expect(compareQuantities("1024Mi", "1Gi")).toBe(0);
    expect(compareQuantities("999m", "1")).toBe(-1);
  });

  test("numbers are rounded up", () => {
    expect(quantityMilli("0.0001")).toBe(1);
    expect(quantityValue("1100m")).toBe(2);
    expect(quantityValue("-1100m")).toBe(-2);
    expect(quantityValue(undefined)).toBe(0);
  });
});
