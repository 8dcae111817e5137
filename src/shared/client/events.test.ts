import { expect, test } from "vitest";
import { createEventRecorder } from "./events.ts";
import type { Client } from "./types.ts";

test("a burst of events is written a few at a time, and all of it", async () => {
  let writing = 0;
  let most = 0;
  const written = new Set<string>();
  const create = async (_kind: unknown, event: { involvedObject: { name: string } }) => {
    most = Math.max(most, ++writing);
    await new Promise((resolve) => setImmediate(resolve));
    written.add(event.involvedObject.name);
    writing--;
  };
  const recorder = createEventRecorder({ client: { create } as unknown as Client, component: "test" });
  for (let i = 0; i < 50; i++)
    recorder.event({ kind: "Pod", metadata: { name: `p-${i}`, namespace: "a" } }, "Normal", "Told", "");
  await recorder.flush();
  expect(written.size).toBe(50);
  expect(most).toBe(4);
});
