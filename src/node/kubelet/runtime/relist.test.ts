import { expect, test } from "vitest";
import { silentLogger } from "../../../shared/lib/logger.ts";
import { realPlatform } from "../../../shared/lib/platform.ts";
import type { KubeletContext } from "../context.ts";
import { relistForever } from "./relist.ts";

test("looks again and again until the signal, which keeps nothing of each look", async () => {
  const stop = new AbortController();
  let looks = 0;
  const changed: string[] = [];
  const clock = { ...realPlatform.clock, after: (_: number, fn: () => void) => realPlatform.clock.after(0, fn) };
  const view = { relist: async () => (++looks === 300 && stop.abort(), looks === 2 ? ["pod"] : []) };
  const context = { cri: { socket: "/nowhere.sock" }, view, platform: { ...realPlatform, clock }, log: silentLogger };
  await relistForever(context as unknown as KubeletContext, (uid) => changed.push(uid), stop.signal);
  expect([looks, changed]).toEqual([300, ["pod"]]);
  const kept = Object.getOwnPropertySymbols(stop.signal).map((key) => Reflect.get(stop.signal, key) as { size?: number });
  expect(Math.max(0, ...kept.map((value) => value?.size ?? 0))).toBeLessThan(10);
});
