import { expect, test } from "vitest";
import { ConfigMap } from "../../../shared/api/index.ts";
import type { Served } from "../registry/resources.ts";
import { watchEncoder } from "./watch.ts";

test("rows of a watch tell ages as of their own time, not of the watch's start", () => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const as = { kind: "Table", version: "v1" } as const;
  const { frame } = watchEncoder({ kind: ConfigMap } as Served, {
    media: "json",
    contentType: "application/json",
    pretty: false,
    as,
    now: () => now,
  });
  const object = { metadata: { name: "one", creationTimestamp: "2026-01-01T00:00:00Z" } };
  const age = () => JSON.parse(Buffer.from(frame({ type: "ADDED", object })).toString()).object.rows[0].cells.at(-1);
  now += 5_000;
  expect(age()).toBe("5s");
  now += 60_000;
  expect(age()).toBe("65s");
});
