import { expect, it } from "vitest";
import { CidrAllocator } from "./allocator.ts";

it("hands out each part once, and again when it is free", () => {
  const parts = new CidrAllocator("10.244.0.0/22", 24);
  parts.occupy("10.244.1.0/24");
  parts.occupy("192.168.0.0/24");
  expect([parts.allocate(), parts.allocate(), parts.allocate(), parts.allocate()]).toEqual([
    "10.244.0.0/24",
    "10.244.2.0/24",
    "10.244.3.0/24",
    undefined,
  ]);
  parts.release("10.244.2.0/24");
  expect(parts.allocate()).toBe("10.244.2.0/24");
});

it("divides IPv6 ranges", () => {
  expect(new CidrAllocator("fd00::/48", 64).allocate()).toBe("fd00::/64");
});
