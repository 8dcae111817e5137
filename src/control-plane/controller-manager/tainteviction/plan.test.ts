import { expect, it } from "vitest";
import type { Taint, Toleration } from "../../../shared/api/generated/core-v1.ts";
import { tolerationMs } from "./plan.ts";

const taint = { key: "k", value: "v", effect: "NoExecute" } as Taint;

it.each<[string, Toleration[], number | undefined]>([
  ["has to go where nothing tolerates the taint", [{ key: "other", operator: "Exists" }], 0],
  ["stays where a toleration has no end", [{ key: "k", operator: "Exists" }], undefined],
  ["stays as long as it is tolerated", [{ key: "k", operator: "Equal", value: "v", tolerationSeconds: 5 }], 5000],
  ["is tolerated by all keys", [{ operator: "Exists", tolerationSeconds: -1 }], 0],
])("a pod %s", (_, tolerations, expected) => expect(tolerationMs([taint], tolerations)).toBe(expected));
