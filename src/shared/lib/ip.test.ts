import { expect, test } from "vitest";
import { canonicalIp, cidrAddress, cidrsOverlap, formatCidr, parseCidr } from "./ip.ts";

test("addresses print canonically, and what is no address is none", () => {
  const texts = [
    "10.0.0.1",
    "010.0.0.1",
    "1.2.3",
    "256.1.1.1",
    "FD00:0:0::1",
    "::",
    "1::2::3",
    "::ffff:10.1.2.3",
    "1:2:3:4:5:6:7:8",
    "a:b",
  ];
  expect(texts.map((text) => canonicalIp(text))).toEqual([
    "10.0.0.1",
    undefined,
    undefined,
    undefined,
    "fd00::1",
    "::",
    undefined,
    "::ffff:10.1.2.3",
    "1:2:3:4:5:6:7:8",
    undefined,
  ]);
});

test("ranges mask, count and overlap", () => {
  const range = parseCidr("10.96.3.4/16")!;
  expect(formatCidr(range)).toBe("10.96.0.0/16");
  expect([cidrAddress(range, 10), cidrAddress(range, 1 << 16)]).toEqual(["10.96.0.10", undefined]);
  expect(cidrsOverlap(range, parseCidr("10.96.200.0/24")!)).toBe(true);
  expect(cidrsOverlap(range, parseCidr("10.97.0.0/24")!)).toBe(false);
  expect(parseCidr("10.0.0.0/33")).toBeUndefined();
  expect(formatCidr(parseCidr("fd00::5/64")!)).toBe("fd00::/64");
});
